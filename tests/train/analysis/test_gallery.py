from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.few_slices import few_slices
from train.analysis import gallery
from train.data.arrangements import arrangement
from train.data.covid_ct import COVID, NOT_COVID, DataError, Item
from train.data.images import load_images
from train.networks import predict
from train.paper.fit import fit
from train.run import Run, TrainingSettings

pytestmark = pytest.mark.long

SIDE = 67


@pytest.fixture(scope="module")
def runs(covid_ct: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    trained = {}
    for seed, name in enumerate(("one", "two")):
        trained[name] = Run(tmp_path_factory.mktemp("runs") / name)
        settings = TrainingSettings(
            image_size=SIDE, epochs=1, more_epochs=0, augmentation="none", threads=1, seed=seed
        )
        with few_slices():
            fit(settings, covid_ct, trained[name])
    return trained


@pytest.fixture(scope="module")
def items(covid_ct: Path) -> list[Item]:
    return arrangement(1, covid_ct).train[145:235]


@pytest.fixture
def rated(monkeypatch: pytest.MonkeyPatch, items: list[Item]) -> list[Item]:
    """Have every network say what is true, but of each patient's first slice here; returns the others."""
    first = {item.patient: item for item in reversed(items)}.values()
    wrong = np.array([item in first for item in items])
    labels = np.array([item.label for item in items])
    scores = np.where(wrong, 0.5 - (labels == COVID) * 0.1, 0.5 + (labels * 2 - 1) * 0.3)
    monkeypatch.setattr(predict, "probabilities", lambda logits: scores)
    return [item for item, is_wrong in zip(items, wrong, strict=True) if not is_wrong]


def test_the_rule_by_which_slices_are_chosen(
    rated: list[Item], runs: dict[str, Run], items: list[Item], covid_ct: Path, tmp_path: Path
) -> None:
    written = gallery.activation_figures(runs, items, covid_ct, tmp_path)
    for name, label in {"figure-4.png": COVID, "figure-5.png": NOT_COVID}.items():
        right = [item for item in rated if item.label == label]
        one_a_patient = list({item.patient: item for item in reversed(right)}.values())[::-1]
        n = len(one_a_patient)
        assert written[name] == [one_a_patient[i] for i in (n // 4, n // 2, 3 * n // 4)]
    assert {path.name for path in tmp_path.iterdir()} == set(written)


def test_figures_of_real_networks_show_slices_that_all_classify_rightly(
    runs: dict[str, Run], items: list[Item], covid_ct: Path, tmp_path: Path
) -> None:
    for name, shown in gallery.activation_figures(runs, items, covid_ct, tmp_path).items():
        assert len({item.patient for item in shown}) == len(shown) <= 3
        for run in runs.values():
            images = load_images(shown, covid_ct, SIDE)
            says_covid = predict.probabilities(predict.logits(run.network(), images)) >= 0.5
            assert says_covid.tolist() == [name == "figure-4.png"] * len(shown)


def test_every_picture_is_the_same_when_made_again(
    rated: list[Item], runs: dict[str, Run], items: list[Item], covid_ct: Path, tmp_path: Path
) -> None:
    folders = tmp_path / "a", tmp_path / "b"
    for folder in folders:
        gallery.activation_figures(runs, items, covid_ct, folder)
        gallery.lung_mask_figure(items, covid_ct, folder, count=4)
        gallery.alteration_figure(items, covid_ct, folder, count=2)
    names = sorted(path.name for path in folders[0].iterdir())
    assert names == ["alterations.png", "figure-4.png", "figure-5.png", "lungs.png"]
    for name in names:
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()


def test_lungs_are_outlined_in_red_and_the_seed_draws_the_slices(
    items: list[Item], covid_ct: Path, tmp_path: Path
) -> None:
    gallery.lung_mask_figure(items, covid_ct, tmp_path / "0", count=3)
    gallery.lung_mask_figure(items, covid_ct, tmp_path / "1", count=3, seed=1)
    first, other = (np.asarray(Image.open(tmp_path / seed / "lungs.png").convert("RGB")) for seed in "01")
    red = (first[..., 0] > 200) & (first[..., 1:] < 60).all(2)
    assert red.sum() > 300
    assert first.shape == other.shape
    assert not np.array_equal(first, other)


def test_more_slices_are_asked_for_than_there_are(items: list[Item], covid_ct: Path, tmp_path: Path) -> None:
    gallery.lung_mask_figure(items[:2], covid_ct, tmp_path, count=20)
    gallery.alteration_figure(items[:1], covid_ct, tmp_path, count=20)
    assert (tmp_path / "lungs.png").is_file()
    assert (tmp_path / "alterations.png").is_file()


def test_no_slices_at_all(covid_ct: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="none to draw"):
        gallery.lung_mask_figure([], covid_ct, tmp_path)
