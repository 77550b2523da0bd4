"""Thresholds, operating points and the labels of conformal prediction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgect import Classifier
from edgect.errors import UsageError
from edgect.model.bundles.bundle import Bundle, bundled_names
from edgect.model.bundles.manifest import Manifest
from edgect.model.decision.labels import CUSTOM_THRESHOLD, INDETERMINATE, Decision, conformal_predictor
from tests.edgect.conftest import Classify

LABELS = ("not COVID-19", "COVID-19")
SCORES = {LABELS[0]: [n / 20 for n in range(10)], LABELS[1]: [0.3 + n / 20 for n in range(10)]}
unit = st.floats(0, 1)


def decision(rate: float, threshold: float = 0.5, scores: Mapping[str, list[float]] = SCORES) -> Decision:
    return Decision(LABELS, threshold, CUSTOM_THRESHOLD, conformal_predictor(scores, LABELS, rate))


def test_between_the_classes_there_is_no_label_and_the_reason_names_range_and_rate() -> None:
    decided = decision(0.1)  # 1 of 10 of each class may lie beyond: positive from 0.3, negative to 0.45
    assert [decided.label(p) for p in (0.29, 0.3, 0.45, 0.5, 0.51)] == [
        LABELS[0], INDETERMINATE, INDETERMINATE, LABELS[1], LABELS[1],
    ]  # fmt: skip
    assert decided.reason(0.4) == (
        "no label at an error rate of 0.1: probability 0.4000 lies within 0.3000 to 0.5000"
    )
    assert decided.reason(0.2) == decided.reason(0.9) == ""


def test_where_neither_label_is_possible_there_is_none() -> None:
    apart = {LABELS[0]: [0.1] * 10, LABELS[1]: [0.9] * 10}
    decided = decision(0.1, scores=apart)
    assert [decided.label(p) for p in (0.1, 0.2, 0.8, 0.9)] == [
        LABELS[0],
        INDETERMINATE,
        INDETERMINATE,
        LABELS[1],
    ]


def test_a_label_that_the_threshold_contradicts_is_not_given() -> None:
    assert decision(0.1, 0.9).label(0.8) == INDETERMINATE
    assert decision(0.1, 0.05).label(0.2) == INDETERMINATE


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1, float("nan")])
def test_a_rate_outside_0_to_1_is_refused(rate: float) -> None:
    with pytest.raises(UsageError, match=r"^error rate must lie between 0 and 1, not"):
        decision(rate)


def test_a_rate_too_small_for_the_scores_is_refused_and_the_smallest_named() -> None:
    with pytest.raises(
        UsageError, match=r"^an error rate of 0\.05 cannot .* with 10 validation slices.*0\.0909"
    ):
        decision(0.05)
    decision(1 / 11)


@given(
    st.lists(unit, min_size=20, max_size=60), st.lists(unit, min_size=20, max_size=60), st.floats(0.05, 0.9)
)
def test_at_most_the_rate_of_either_class_gets_the_others_label(
    negatives: list[float], positives: list[float], rate: float
) -> None:
    decided = decision(rate, scores={LABELS[0]: negatives, LABELS[1]: positives})
    for scores, other_label in ((negatives, LABELS[1]), (positives, LABELS[0])):
        wrong = sum(decided.label(p) == other_label for p in scores)
        assert wrong <= rate * (len(scores) + 1)


def test_slices_to_come_are_wrong_no_more_often_than_the_rate() -> None:
    rng, wrong = np.random.default_rng(0), []
    for _ in range(400):
        drawn = {
            label: list(rng.beta(*shape, 50)) for label, shape in zip(LABELS, ((2, 3), (3, 2)), strict=True)
        }
        decided = decision(0.2, scores=drawn)
        wrong += [decided.label(p) == LABELS[0] for p in rng.beta(3, 2, 50)]
    assert 0.1 < np.mean(wrong) <= 0.21


@pytest.mark.parametrize("model", bundled_names())
def test_every_bundle_screens_at_a_lower_threshold(model: str) -> None:
    described = Bundle.load(model).manifest
    balanced, screening = (Decision.from_manifest(described, point) for point in ("balanced", "screening"))
    assert balanced.threshold == described.threshold
    assert screening.threshold < balanced.threshold
    points = described.document["operating_points"]
    measured, before = (points[p]["measured"]["validation"]["sensitivity"] for p in ("screening", "balanced"))
    assert measured["value"] > before["value"]
    if "each slice counting alike" in points["screening"]["chosen"]:
        assert measured["value"] >= 0.95
    assert measured["slices"] == len(described.conformal_scores["COVID-19"])


def test_a_point_and_a_threshold_together_and_unknown_points_are_refused() -> None:
    with pytest.raises(UsageError, match=r"^give an operating point or a threshold, not both"):
        Classifier(backend="onnxruntime", operating_point="screening", threshold=0.3)
    with pytest.raises(UsageError, match=r"^unknown operating point 'strict'; there are balanced, screening"):
        Classifier(backend="onnxruntime", operating_point="strict")


def test_rows_hold_which_point_and_rate_they_were_labelled_by(classify: Classify, scan: Path) -> None:
    arguments = (scan, "--backend", "onnxruntime", "--format", "csv")
    plain = classify(*arguments).stdout
    wide = classify(*arguments, "--operating-point", "screening", "--error-rate", "0.02").stdout
    assert ",balanced,," in plain
    assert ",screening,0.02," in wide
    assert ",ok,indeterminate,0." in wide
    assert classify(*arguments, "--error-rate", "0.0001").exit_code == 2


def test_resuming_with_another_rate_answers_again(classify: Classify, scan: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    arguments = (scan, "--backend", "onnxruntime", "--format", "csv", "-o", out)
    classify(*arguments, "--error-rate", "0.1")
    first = out.read_text()
    classify(*arguments, "--error-rate", "0.1", "--resume")
    assert out.read_text() == first
    classify(*arguments, "--resume")
    assert ",0.1," not in out.read_text()


def manifest(balanced: float = 0.4) -> Manifest:
    """Of the default bundle, with the thresholds and conformal scores of these tests."""
    return replace(
        Bundle.load().manifest,
        labels=LABELS,
        threshold=balanced,
        operating_points={"balanced": balanced, "screening": 0.2},
        conformal_scores=SCORES,
        series_rule=None,
    )


def test_a_decision_is_that_of_its_operating_point_or_threshold() -> None:
    assert Decision.from_manifest(manifest()) == Decision(LABELS, 0.4, "balanced")
    assert Decision.from_manifest(manifest(), "screening") == Decision(LABELS, 0.2, "screening")
    assert Decision.from_manifest(manifest(), threshold=0.3) == Decision(LABELS, 0.3, "")
    assert Decision.from_manifest(manifest()).error_rate is None
    assert isinstance(Decision.from_manifest(manifest(1)).threshold, float)  # as JSON may have it
    with_rate = Decision.from_manifest(manifest(), "screening", error_rate=0.2)
    assert with_rate == Decision(LABELS, 0.2, "screening", conformal_predictor(SCORES, LABELS, 0.2))
    assert with_rate.error_rate == 0.2
    assert Decision.from_manifest(manifest(), threshold=0.3, error_rate=0.2).error_rate == 0.2


def test_the_threshold_itself_is_covid() -> None:
    decided = Decision(LABELS, 0.5, CUSTOM_THRESHOLD)
    assert [decided.label(p) for p in (0.4999, 0.5)] == [*LABELS]
    assert decided.reason(0.5) == ""


def test_thresholds_of_0_and_1_are_in_range() -> None:
    for threshold in (0, 1):
        decided = Decision.from_manifest(manifest(), threshold=threshold)
        assert decided.threshold == threshold
        assert isinstance(decided.threshold, float)
    for threshold in (-0.01, 1.01, float("nan")):
        with pytest.raises(UsageError, match=rf"^threshold must lie in 0 to 1, not {threshold}"):
            Decision.from_manifest(manifest(), threshold=threshold)


@pytest.mark.parametrize(
    ("threshold", "limits"), [(0.1, "0.1000 to 0.4500"), (0.4, "0.3000 to 0.4500"), (0.9, "0.3000 to 0.9000")]
)
def test_the_reason_reaches_to_the_threshold_where_that_lies_outside(threshold: float, limits: str) -> None:
    decided = decision(0.1, threshold)
    assert decided.label(0.35) == INDETERMINATE
    assert decided.reason(0.35).endswith(f"lies within {limits}")
