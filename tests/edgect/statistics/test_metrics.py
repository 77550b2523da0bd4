"""The five metrics, and their intervals by patient."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgect.statistics.metrics import FIVE, Confusion, confusion, evaluate, intervals

CASES = st.lists(st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.2, 0.4, 0.5, 0.7, 1.0])), min_size=1)


def test_the_five_metrics_of_a_known_table() -> None:
    metrics = Confusion(tp=80, fn=20, tn=60, fp=40).metrics()
    assert metrics == pytest.approx(
        {"accuracy": 0.7, "sensitivity": 0.8, "specificity": 0.6, "precision": 2 / 3, "f1": 160 / 220}
    )
    assert tuple(metrics) == FIVE


def test_a_metric_without_a_denominator_is_not_a_number() -> None:
    metrics = Confusion(tp=0, fn=0, tn=5, fp=0).metrics()
    assert metrics["accuracy"] == metrics["specificity"] == 1
    assert all(math.isnan(metrics[name]) for name in ("sensitivity", "precision", "f1"))


@given(CASES)
def test_every_case_is_counted_once(cases: list[tuple[int, float]]) -> None:
    labels, scores = zip(*cases, strict=True)
    predicted = [score >= 0.5 for score in scores]
    counts = confusion(labels, predicted)
    assert counts.tp == sum(bool(a and b) for a, b in zip(labels, predicted, strict=True))
    assert counts.fp == sum(bool(not a and b) for a, b in zip(labels, predicted, strict=True))
    assert counts.tp + counts.fn == sum(labels)
    assert counts.tn + counts.fp == len(labels) - sum(labels)


@given(CASES)
def test_swapping_the_classes_swaps_sensitivity_and_specificity(cases: list[tuple[int, float]]) -> None:
    labels, scores = (np.array(column) for column in zip(*cases, strict=True))
    metrics, swapped = evaluate(labels, scores, 0.45), evaluate(1 - labels, 1 - scores, 0.55)
    assert metrics["sensitivity"] == pytest.approx(swapped["specificity"], nan_ok=True)
    assert metrics["accuracy"] == pytest.approx(swapped["accuracy"])
    assert metrics["auc"] == pytest.approx(swapped["auc"], nan_ok=True)


def test_the_threshold_itself_counts_as_covid() -> None:
    assert evaluate([1], [0.5], 0.5)["sensitivity"] == 1
    assert evaluate([1], [0.5], 0.5000001)["sensitivity"] == 0


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


def test_intervals_hold_the_estimate_and_repeat() -> None:
    labels, scores, patients = cohort(60)
    intervals_by_metric = intervals(labels, scores, patients)
    for name, value in evaluate(labels, scores).items():
        low, high = intervals_by_metric[name]
        assert 0 <= low < value < high <= 1
    assert intervals_by_metric == intervals(labels, scores, patients)


def test_more_patients_narrow_the_interval() -> None:
    small = intervals(*cohort(40))["accuracy"]
    large = intervals(*cohort(640))["accuracy"]
    assert large[1] - large[0] < (small[1] - small[0]) / 2


@given(copies=st.integers(2, 5))
@settings(max_examples=4, deadline=None)
def test_more_slices_of_the_same_patients_do_not(copies: int) -> None:
    columns = cohort(30)
    repeated = [list(np.repeat(column, copies)) for column in columns]
    once, often = intervals(*columns), intervals(*repeated)
    for name, ends in once.items():
        assert often[name] == pytest.approx(ends)
