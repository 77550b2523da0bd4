from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from edgect.statistics.roc import auc
from tests.few_slices import few_slices
from train.analysis import evidence
from train.analysis.evidence import measure_evidence, share_inside
from train.data import lung_masks
from train.data.arrangements import arrangement
from train.data.covid_ct import COVID, Item
from train.data.images import load_images
from train.data.occlusion import ALTERATIONS
from train.networks import predict
from train.paper.fit import fit
from train.run import Run, TrainingSettings

SIDE = 67


@pytest.fixture(scope="module")
def run(covid_ct: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = Run(tmp_path_factory.mktemp("runs") / "run")
    settings = TrainingSettings(image_size=SIDE, epochs=1, more_epochs=0, augmentation="none", threads=1)
    with few_slices():
        fit(settings, covid_ct, run)
    return run


@pytest.fixture(scope="module")
def items(covid_ct: Path) -> list[Item]:
    return arrangement(1, covid_ct).val[45:75]


@pytest.fixture(scope="module")
def result(run: Run, items: list[Item], covid_ct: Path) -> dict:
    return measure_evidence(run, items, covid_ct)


def test_the_share_of_a_map_inside_a_mask() -> None:
    maps = np.array([[[1, 2], [-9, 1]], [[-1, -1], [0, -2]]], np.float32)
    masks = np.array([[[True, False], [True, True]]] * 2)
    assert share_inside(maps, masks)[0] == pytest.approx(0.5)
    assert np.isnan(share_inside(maps, masks)[1])
    assert share_inside(-maps, masks)[1] == pytest.approx(0.75)


def test_evidence_is_the_difference_of_the_class_maps_laid_over_the_slice(
    run: Run, items: list[Item], covid_ct: Path
) -> None:
    network, images = run.network(), load_images(items[:4], covid_ct, SIDE)
    with torch.inference_mode():
        cam = network(torch.from_numpy(images).unsqueeze(1))[1]
        expected = torch.nn.functional.interpolate(cam[:, 1:] - cam[:, :1], (SIDE, SIDE), mode="bilinear")
    assert evidence.evidence_maps(network, images) == pytest.approx(expected[:, 0].numpy(), abs=1e-4)


def test_counts(result: dict, items: list[Item]) -> None:
    assert result["images"] == len(items)
    assert result["patients"] == len({item.patient for item in items})
    assert result["without_lungs"] == 0
    shares = result["in_lungs"]
    counted = {name: row["slices"] + row["without_evidence"] for name, row in shares.items()}
    covid = sum(item.label == COVID for item in items)
    others = len(items) - covid
    assert counted == {
        "covid": covid,
        "not_covid": others,
        "not_covid_against": others,
        "all": len(items),
    }


def test_shares_lie_in_their_intervals(result: dict) -> None:
    for row in result["in_lungs"].values():
        if row["slices"]:
            assert 0 <= row["interval"][0] <= row["share"] <= row["interval"][1] <= 1
            assert 0.1 < row["area"] < 0.4


def test_an_even_map_has_the_share_of_the_area(
    run: Run, items: list[Item], covid_ct: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "evidence_maps", lambda network, images: np.ones(images.shape, np.float32))
    shares = measure_evidence(run, items, covid_ct)["in_lungs"]
    assert shares["all"]["share"] == pytest.approx(shares["all"]["area"])
    assert shares["not_covid_against"]["share"] is None
    assert shares["not_covid_against"]["without_evidence"] == shares["not_covid"]["slices"]


@pytest.mark.parametrize("name", ["as_is", *ALTERATIONS])
def test_aucs(name: str, result: dict, run: Run, items: list[Item], covid_ct: Path) -> None:
    images = load_images(items, covid_ct, SIDE)
    if name != "as_is":
        images = np.array([ALTERATIONS[name](image, lung_masks.mask(image)) for image in images])
    scores = predict.probabilities(predict.logits(run.network(), images))
    row = result["auc"][name]
    assert row["auc"] == pytest.approx(auc([item.label for item in items], scores))
    assert row["interval"][0] <= row["auc"] <= row["interval"][1]


def test_can_be_written_and_is_the_same_again(
    result: dict, run: Run, items: list[Item], covid_ct: Path
) -> None:
    text = json.dumps(result, allow_nan=False)
    assert json.dumps(measure_evidence(run, items, covid_ct), allow_nan=False) == text


def test_slices_without_lungs_are_left_out(
    run: Run, items: list[Item], covid_ct: Path, result: dict, tmp_path: Path
) -> None:
    blank = tmp_path / "blank.png"
    Image.fromarray(np.random.default_rng(0).integers(120, 130, (80, 80), dtype=np.uint8)).save(blank)
    measured = measure_evidence(run, [*items, Item(str(blank), COVID, "blank")], covid_ct)
    assert measured["images"] == len(items) + 1
    assert measured["without_lungs"] == 1
    assert measured["auc"] == result["auc"]
    assert measured["in_lungs"] == result["in_lungs"]


def test_one_class_has_shares_and_no_auc(run: Run, items: list[Item], covid_ct: Path) -> None:
    measured = measure_evidence(run, [item for item in items if item.label == COVID], covid_ct)
    assert measured["auc"]["as_is"] == {"auc": None, "interval": None}
    assert measured["in_lungs"]["not_covid"]["share"] is None
    json.dumps(measured, allow_nan=False)


def test_no_slices_at_all(run: Run, covid_ct: Path) -> None:
    measured = measure_evidence(run, [], covid_ct)
    assert measured["images"] == 0
    assert measured["in_lungs"]["all"]["share"] is None
