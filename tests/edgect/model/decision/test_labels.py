"""Thresholds, operating points and the indeterminate band."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgect import Classifier
from edgect.errors import UsageError
from edgect.model.bundles.bundle import Bundle, bundled_names
from edgect.model.decision.labels import INDETERMINATE, Band, Decision
from tests.edgect.conftest import Classify

LABELS = ("not COVID-19", "COVID-19")
SCORES = {LABELS[0]: [n / 20 for n in range(10)], LABELS[1]: [0.3 + n / 20 for n in range(10)]}
unit = st.floats(0, 1)


def decision(rate: float, threshold: float = 0.5) -> Decision:
    return Decision(LABELS, threshold, "", Band.of(SCORES, LABELS, rate))


def test_between_the_classes_there_is_no_label_and_the_reason_names_band_and_rate() -> None:
    made = decision(0.1)  # 1 of 10 of each class may lie beyond: from 0.3 on one, up to 0.45 the other
    assert [made.label(p) for p in (0.29, 0.3, 0.45, 0.5, 0.51)] == [
        LABELS[0], INDETERMINATE, INDETERMINATE, LABELS[1], LABELS[1],
    ]  # fmt: skip
    assert made.reason(0.4) == (
        "no label at an error rate of 0.1: probability 0.4000 lies within 0.3000 to 0.5000"
    )
    assert made.reason(0.2) == made.reason(0.9) == ""


def test_where_neither_label_is_possible_there_is_none() -> None:
    apart = {LABELS[0]: [0.1] * 10, LABELS[1]: [0.9] * 10}
    made = Decision(LABELS, 0.5, "", Band.of(apart, LABELS, 0.1))
    assert [made.label(p) for p in (0.1, 0.2, 0.8, 0.9)] == [
        LABELS[0],
        INDETERMINATE,
        INDETERMINATE,
        LABELS[1],
    ]


def test_a_label_that_the_threshold_contradicts_is_not_given() -> None:
    assert decision(0.1, 0.9).label(0.8) == INDETERMINATE
    assert decision(0.1, 0.05).label(0.2) == INDETERMINATE


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1, float("nan")])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(UsageError, match="between 0 and 1"):
        decision(rate)


def test_a_rate_too_small_for_the_scores_is_refused_and_the_smallest_named() -> None:
    with pytest.raises(UsageError, match=r"0\.05 cannot be kept with 10 validation slices.*0\.0909"):
        decision(0.05)
    decision(1 / 11)


@given(
    st.lists(unit, min_size=20, max_size=60), st.lists(unit, min_size=20, max_size=60), st.floats(0.05, 0.9)
)
def test_at_most_the_rate_of_either_class_gets_the_others_label(
    first: list[float], second: list[float], rate: float
) -> None:
    made = Decision(LABELS, 0.5, "", Band.of({LABELS[0]: first, LABELS[1]: second}, LABELS, rate))
    for of_class, other in ((first, LABELS[1]), (second, LABELS[0])):
        wrong = sum(made.label(p) == other for p in of_class)
        assert wrong <= rate * (len(of_class) + 1)


def test_slices_to_come_are_wrong_as_seldom_as_was_asked() -> None:
    rng, wrong = np.random.default_rng(0), []
    for _ in range(400):
        drawn = {
            label: list(rng.beta(*shape, 50)) for label, shape in zip(LABELS, ((2, 3), (3, 2)), strict=True)
        }
        made = Decision(LABELS, 0.5, "", Band.of(drawn, LABELS, 0.2))
        wrong += [made.label(p) == LABELS[0] for p in rng.beta(3, 2, 50)]
    assert 0.1 < np.mean(wrong) <= 0.21


@pytest.mark.parametrize("model", bundled_names())
def test_every_bundle_screens_at_a_lower_threshold(model: str) -> None:
    manifest = Bundle.load(model).manifest
    balanced, screening = (Decision.of(manifest, point) for point in ("balanced", "screening"))
    assert balanced.threshold == manifest.threshold
    assert screening.threshold < balanced.threshold
    measured = manifest.document["operating_points"]["screening"]["measured"]["validation"]["sensitivity"]
    assert measured["value"] >= 0.95
    assert measured["slices"] == len(manifest.conformal_scores["COVID-19"])


def test_a_point_and_a_threshold_together_and_unknown_points_are_refused() -> None:
    with pytest.raises(UsageError, match="not both"):
        Classifier(backend="onnxruntime", operating_point="screening", threshold=0.3)
    with pytest.raises(UsageError, match="balanced, screening"):
        Classifier(backend="onnxruntime", operating_point="strict")


def test_rows_say_which_point_and_rate_they_were_labelled_by(classify: Classify, scan: Path) -> None:
    line = (scan, "--backend", "onnxruntime", "--format", "csv")
    plain = classify(*line).stdout
    wide = classify(*line, "--operating-point", "screening", "--error-rate", "0.02").stdout
    assert ",balanced,," in plain
    assert ",screening,0.02," in wide
    assert ",ok,indeterminate,0." in wide
    assert classify(*line, "--error-rate", "0.0001").exit_code == 2


def test_resuming_with_another_rate_answers_again(classify: Classify, scan: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    line = (scan, "--backend", "onnxruntime", "--format", "csv", "-o", out)
    classify(*line, "--error-rate", "0.1")
    first = out.read_text()
    classify(*line, "--error-rate", "0.1", "--resume")
    assert out.read_text() == first
    classify(*line, "--resume")
    assert ",0.1," not in out.read_text()
