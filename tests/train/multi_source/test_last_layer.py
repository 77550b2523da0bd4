from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from edgect.calibration.head_fit import Direction
from train.data.covid_ct import COVID, NOT_COVID, Item
from train.multi_source.evaluation import validate
from train.multi_source.last_layer import STRENGTHS, Hospital, fit, left_out, refit
from train.multi_source.run import MultiSourceRun
from train.networks import predict
from train.run import RunError

HOSPITALS = ("sars-cov-2-ct", "mosmed")
RNG = np.random.default_rng(7)
START = Direction(np.array([1.0, 0.0, 0.0]), 0.0)


def hospital(slices: int, positives: int, sign: float = 1.0) -> Hospital:
    """The second feature tells its classes apart, and the first, by which the trunk went, misleads."""
    labels = np.arange(slices) < positives
    signed = np.where(labels, 1.0, -1.0)
    embeddings = RNG.normal(0, 0.3, (slices, 3))
    embeddings[:, 0] -= 0.2 * signed
    embeddings[:, 1] += sign * signed
    items = [Item(f"{n}.png", COVID if label else NOT_COVID, f"{n}") for n, label in enumerate(labels)]
    return Hospital.of(items, embeddings.astype(np.float32))


def test_what_holds_in_other_hospitals_helps_one_left_out() -> None:
    judged = {name: hospital(40, 20) for name in "abc"}
    kept, moved = (left_out(judged, "abc", START, strength) for strength in (0.0, 0.3))
    for name in judged:
        assert kept[name]["auc"] < 0.5 < 0.95 < moved[name]["auc"]
        assert moved[name]["log_loss"] < kept[name]["log_loss"]


def test_a_source_that_is_judged_alone_has_no_say() -> None:
    figures = hospital(40, 20, sign=-1.0)
    with_them, without = (
        left_out({"a": hospital_a, "b": hospital_b, "figures": other}, "ab", START, 0.1)
        for hospital_a, hospital_b, other in [(H_A, H_B, figures), (H_A, H_B, hospital(60, 20))]
    )
    assert with_them["a"] == without["a"]
    assert with_them["figures"]["auc"] < without["figures"]["auc"]


H_A, H_B = hospital(40, 20), hospital(30, 10)


def test_hospitals_count_alike_however_many_slices_they_have() -> None:
    many = Hospital.of([*H_A.items] * 9, np.tile(H_A.embeddings, (9, 1)))
    first, second = fit([H_A, H_B], START, 0.1), fit([many, H_B], START, 0.1)
    np.testing.assert_allclose(first.weight, second.weight, atol=1e-5)


@pytest.fixture
def trained(finished: MultiSourceRun, tmp_path: Path) -> MultiSourceRun:
    """A copy that a test may change."""
    return MultiSourceRun(Path(shutil.copytree(finished.path, tmp_path / "run")))


def test_the_layer_is_written_beside_the_weights_and_heeded(
    trained: MultiSourceRun, three: Path, cache: Path
) -> None:
    before, weights = trained.network(), trained.weights.read_bytes()
    fitted = refit(trained, three, cache, HOSPITALS)
    assert fitted == json.loads(trained.head_file.read_text())
    assert [each["strength"] for each in fitted["left_out"]] == list(STRENGTHS)
    best = max(fitted["left_out"], key=lambda each: each["mean_auc"])
    assert fitted["strength"] == best["strength"]
    after = trained.network()
    images = np.full((2, 67, 83), 90, np.uint8)
    images[1, 20:40, 20:40] = 200
    logits, embeddings = predict.logits(after, images), predict.embeddings(after, images)
    expected = embeddings @ np.array(fitted["weight"]) + fitted["bias"]
    np.testing.assert_allclose((logits[:, 1] - logits[:, 0]).numpy(), expected, atol=1e-5)
    middles = [net.classifier.weight.mean(0) for net in (before, after)]
    torch.testing.assert_close(*middles)
    assert weights == trained.weights.read_bytes()
    assert validate(trained, three, cache)["sources"].keys() >= set(HOSPITALS)


@pytest.mark.parametrize(
    ("names", "message"),
    [(("sars-cov-2-ct", "luna-slices"), "luna-slices: .* one class"), (("mosmed",), "two hospitals or more")],
)
def test_hospitals_that_will_not_do(
    trained: MultiSourceRun, three: Path, names: tuple[str, ...], message: str
) -> None:
    with pytest.raises(RunError, match=message):
        refit(trained, three, names=names)
    assert not trained.head_file.exists()
