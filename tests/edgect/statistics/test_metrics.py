from __future__ import annotations

import math
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss

from edgect.statistics.metrics import (
    FIVE,
    Confusion,
    auc,
    brier,
    confusion,
    evaluate,
    expected_calibration_error,
    intervals,
    reliability,
)

CASES = st.lists(st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.2, 0.4, 0.5, 0.7, 1.0])), min_size=1)


def test_the_five_metrics_of_a_known_table() -> None:
    found = Confusion(tp=80, fn=20, tn=60, fp=40).metrics()
    assert found == pytest.approx(
        {"accuracy": 0.7, "sensitivity": 0.8, "specificity": 0.6, "precision": 2 / 3, "f1": 160 / 220}
    )
    assert tuple(found) == FIVE


def test_a_metric_without_a_denominator_is_not_a_number() -> None:
    found = Confusion(tp=0, fn=0, tn=5, fp=0).metrics()
    assert found["accuracy"] == found["specificity"] == 1
    assert all(math.isnan(found[name]) for name in ("sensitivity", "precision", "f1"))


@given(CASES)
def test_every_case_is_counted_once(cases: list[tuple[int, float]]) -> None:
    labels, scores = zip(*cases, strict=True)
    predicted = [score >= 0.5 for score in scores]
    found = confusion(labels, predicted)
    assert found.tp == sum(bool(a and b) for a, b in zip(labels, predicted, strict=True))
    assert found.fp == sum(bool(not a and b) for a, b in zip(labels, predicted, strict=True))
    assert found.tp + found.fn == sum(labels)
    assert found.tn + found.fp == len(labels) - sum(labels)


@given(CASES)
def test_auc_is_how_often_a_positive_outscores_a_negative(cases: list[tuple[int, float]]) -> None:
    positives = [score for label, score in cases if label]
    negatives = [score for label, score in cases if not label]
    found = auc(*zip(*cases, strict=True))
    if not positives or not negatives:
        assert math.isnan(found)
    else:
        wins = [(p > n) + (p == n) / 2 for p in positives for n in negatives]
        assert found == pytest.approx(sum(wins) / len(wins))


@given(CASES)
def test_swapping_the_classes_swaps_sensitivity_and_specificity(cases: list[tuple[int, float]]) -> None:
    labels, scores = (np.array(column) for column in zip(*cases, strict=True))
    one, other = evaluate(labels, scores, 0.45), evaluate(1 - labels, 1 - scores, 0.55)
    assert one["sensitivity"] == pytest.approx(other["specificity"], nan_ok=True)
    assert one["accuracy"] == pytest.approx(other["accuracy"])
    assert one["auc"] == pytest.approx(other["auc"], nan_ok=True)


def test_the_threshold_itself_counts_as_covid() -> None:
    assert evaluate([1], [0.5], 0.5)["sensitivity"] == 1
    assert evaluate([1], [0.5], 0.5000001)["sensitivity"] == 0


def test_calibration_of_a_known_table() -> None:
    probabilities, labels = [0.1] * 10 + [0.8] * 10, [1] * 2 + [0] * 8 + [1] * 6 + [0] * 4
    low, high = reliability(labels, probabilities, bins=2)
    assert (low.count, low.lowest, low.highest, low.share) == (10, 0.1, 0.1, 0.2)
    assert (high.count, high.probability, high.share) == (10, pytest.approx(0.8), 0.6)
    assert expected_calibration_error(labels, probabilities, bins=2) == pytest.approx((0.1 + 0.2) / 2)
    assert brier(labels, probabilities) == pytest.approx((2 * 0.81 + 8 * 0.01 + 6 * 0.04 + 4 * 0.64) / 20)


@given(CASES, st.integers(1, 12), st.randoms(use_true_random=False))
def test_bins_part_no_equals_and_lose_nobody(
    cases: list[tuple[int, float]], bins: int, random: Random
) -> None:
    labels, probabilities = zip(*cases, strict=True)
    found = reliability(labels, probabilities, bins)
    assert len(found) <= bins
    assert sum(bin.count for bin in found) == len(cases)
    assert sum(bin.count * bin.share for bin in found) == pytest.approx(sum(labels))
    assert all(one.highest < other.lowest for one, other in pairwise(found))
    random.shuffle(cases)
    shuffled = expected_calibration_error(*zip(*cases, strict=True), bins)
    assert shuffled == pytest.approx(expected_calibration_error(labels, probabilities, bins))
    assert 0 <= shuffled <= 1


@given(slices=st.integers(1, 200), bins=st.integers(1, 15))
def test_bins_of_different_probabilities_are_of_equal_counts(slices: int, bins: int) -> None:
    counts = [bin.count for bin in reliability([0] * slices, np.linspace(0, 1, slices), bins)]
    assert len(counts) == min(bins, slices)
    assert max(counts) - min(counts) <= 1


@given(CASES)
def test_the_brier_score_is_that_of_scikit_learn(cases: list[tuple[int, float]]) -> None:
    labels, probabilities = zip(*cases, strict=True)
    assert brier(labels, probabilities) == pytest.approx(
        brier_score_loss(labels, probabilities, pos_label=1, labels=[0, 1])
    )


def test_without_slices_calibration_is_not_a_number() -> None:
    assert reliability([], []) == []
    assert math.isnan(expected_calibration_error([], []))
    assert math.isnan(brier([], []))


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="2 labels for 1"):
        confusion([1, 0], [1])
    with pytest.raises(ValueError, match="length"):
        intervals([1, 0], [0.2, 0.4], ["a"])


def cohort(patients: int, seed: int = 3) -> tuple[list[int], list[float], list[str]]:
    rng = np.random.default_rng(seed)
    labels = np.arange(patients) % 2
    scores = np.clip(rng.normal(0.35 + 0.3 * labels, 0.25), 0, 1)
    return labels.tolist(), scores.tolist(), [f"p{number:03}" for number in range(patients)]


def test_intervals_hold_the_estimate_and_repeat_with_their_seed() -> None:
    labels, scores, patients = cohort(60)
    found = intervals(labels, scores, patients, draws=300)
    for name, value in evaluate(labels, scores).items():
        low, high = found[name]
        assert 0 <= low < value < high <= 1
    assert found == intervals(labels, scores, patients, draws=300)
    assert found != intervals(labels, scores, patients, draws=300, seed=1)


def test_more_patients_narrow_the_interval() -> None:
    small = intervals(*cohort(40), draws=300)["accuracy"]
    large = intervals(*cohort(640), draws=300)["accuracy"]
    assert large[1] - large[0] < (small[1] - small[0]) / 2


@given(copies=st.integers(2, 5))
@settings(max_examples=4, deadline=None)
def test_more_slices_of_the_same_patients_do_not(copies: int) -> None:
    columns = cohort(30)
    repeated = [list(np.repeat(column, copies)) for column in columns]
    once, often = intervals(*columns, draws=200), intervals(*repeated, draws=200)
    for name, ends in once.items():
        assert often[name] == pytest.approx(ends)
