from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.train.multi_source.test_last_layer import START, hospital
from train.multi_source.last_layer import direction_of, fit, left_out, read_hospitals, try_strengths
from train.multi_source.last_layer_ablation import Arm, ablate
from train.multi_source.run import MultiSourceRun

HOSPITALS = ("sars-cov-2-ct", "mosmed")


@pytest.fixture
def own_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    module = "train.multi_source.last_layer_ablation"
    monkeypatch.setattr(f"{module}.of_last_layer", lambda: list(HOSPITALS))
    monkeypatch.setattr(f"{module}.OTHER_DISEASES", ("luna-slices",))


def test_every_way_to_fit_is_judged_on_sources_left_out(
    own_sources: None, finished: MultiSourceRun, data: Path, cache: Path
) -> None:
    (trunk,) = ablate([finished], data, cache)["trunks"]
    assert trunk["left_out"] == ["covid-ct"]
    arms = trunk["arms"]
    names = ("covid-ct", *HOSPITALS)
    network = finished.member()
    judged = read_hospitals(finished, network, names, data, cache)
    for title, strength in {"as trained": 0.0, "fitted": 0.03, "strength 0.3": 0.3}.items():
        expected = left_out(judged, HOSPITALS, direction_of(network), strength)
        assert arms[title]["auc"] == pytest.approx({name: own["auc"] for name, own in expected.items()})
        assert arms[title]["hospitals"] == pytest.approx(
            np.mean([expected[name]["auc"] for name in HOSPITALS])
        )
    for own in arms.values():
        assert own["called"].keys() == {"luna-slices"}
        assert 0 <= own["called"]["luna-slices"] <= 1
    assert arms["without mosmed in the fit"]["auc"]["mosmed"] == arms["fitted"]["auc"]["mosmed"]


def test_what_a_slice_weighs() -> None:
    many, few, one_class = hospital(40, 30), hospital(10, 5), hospital(20, 0)
    plain = Arm((), 0.1)
    sums = [part.sum() for part in np.split(plain.weights([many, few, one_class]), [30, 40, 45, 50])]
    assert sums == pytest.approx([10, 10, 10, 10, 5])
    by_slices = Arm((), 0.1, hospitals_alike=False).weights([many, few])
    assert [by_slices[:30].sum(), by_slices[30:40].sum(), by_slices[40:].sum()] == pytest.approx([16, 16, 8])
    alike = Arm((), 0.1, hospitals_alike=False, classes_alike=False).weights([many, few])
    assert np.ptp(alike) == pytest.approx(0)
    assert alike.sum() == pytest.approx(by_slices.sum()) == pytest.approx(40)


def test_a_strength_is_chosen_anew_by_the_sources_that_are_there() -> None:
    sources = {name: hospital(40, 20) for name in "abc"}
    arm = Arm(("a", "b"), 0.0003, chosen_anew=True)
    _, mean = try_strengths(sources, arm.fitted, START)
    best = max(mean, key=lambda strength: mean[strength])
    assert best != arm.strength
    expected = fit([sources["a"], sources["b"]], START, best)
    np.testing.assert_allclose(arm.fit(sources, START).weight, expected.weight, atol=1e-6)
