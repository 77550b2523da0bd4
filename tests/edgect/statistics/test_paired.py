"""Two models on the same slices."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from edgect.statistics.metrics import evaluate
from edgect.statistics.paired import Difference, McNemar, differences, mcnemar

LABELS = np.arange(60) % 2
PATIENTS = [f"p{number:02}" for number in range(60)]
NAMES = ("accuracy", "sensitivity", "specificity", "auc")


def scores(separation: float, seed: int) -> np.ndarray:
    return np.clip(np.random.default_rng(seed).normal(0.5 + separation * (LABELS - 0.5), 0.2), 0, 1)


def test_differences_are_those_of_the_metrics_and_lie_in_their_intervals() -> None:
    first, second = scores(0.5, 1), scores(0.2, 2)
    compared = differences(LABELS, first, second, PATIENTS, (0.5, 0.4))
    one, other = evaluate(LABELS, first, 0.5), evaluate(LABELS, second, 0.4)
    assert tuple(compared) == NAMES
    for name, difference in compared.items():
        assert difference.value == pytest.approx(one[name] - other[name])
        assert difference.low is not None
        assert difference.high is not None
        assert -1 <= difference.low < difference.value < difference.high <= 1


def test_exchanging_the_models_turns_the_differences_round() -> None:
    first, second = scores(0.5, 1), scores(0.2, 2)
    forth, back = differences(LABELS, first, second, PATIENTS), differences(LABELS, second, first, PATIENTS)
    for name in NAMES:
        turned = (-back[name].value, -(back[name].high or 0), -(back[name].low or 0))
        assert (forth[name].value, forth[name].low, forth[name].high) == pytest.approx(turned, abs=0.01)


def test_models_that_never_differ_may_differ_on_patients_to_come() -> None:
    same = differences(LABELS, scores(0.5, 1), scores(0.5, 1), PATIENTS)
    for name, patients in zip(NAMES, (60, 30, 30, 30), strict=True):
        hidden = 1 - 0.025 ** (1 / patients)
        assert same[name].value == 0
        assert (same[name].low, same[name].high) == pytest.approx((-hidden, hidden), rel=0.1)


def test_one_patient_has_a_difference_without_an_interval() -> None:
    compared = differences([0, 1, 1], [0.1, 0.9, 0.9], [0.1, 0.9, 0.2], ["only"] * 3)
    assert compared["sensitivity"] == Difference(0.5, None, None)
    assert compared["auc"] == Difference(0, None, None)


def test_a_class_without_slices_has_no_difference() -> None:
    compared = differences([1, 1], [0.9, 0.9], [0.9, 0.2], ["a", "b"])
    assert math.isnan(compared["specificity"].value)
    assert math.isnan(compared["auc"].value)
    assert (compared["specificity"].low, compared["auc"].low) == (None, None)
    assert compared["accuracy"].value == compared["sensitivity"].value == 0.5


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 5))
def test_mcnemars_test_is_binomial(first: int, second: int, both: int) -> None:
    right = [[1, 0]] * first + [[0, 1]] * second + [[1, 1]] * both
    one, other = np.array(right, float).reshape(-1, 2).T
    test = mcnemar(one, other, [str(number) for number in range(len(right))])
    expected = stats.binomtest(first, first + second).pvalue if first + second else 1
    assert test == McNemar("slice", first, second, pytest.approx(expected))


def test_patients_with_several_slices_are_the_unit() -> None:
    first, second = [1, 1, 1, 0, 0, 1], [0, 0, 1, 1, 0, 0]
    test = mcnemar(first, second, ["a", "a", "b", "b", "c", "c"])
    assert test == McNemar("patient", 2, 1, 1)


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        differences([0, 1], [0.1, 0.9], [0.1], ["a", "b"])
    with pytest.raises(ValueError, match="differ in length"):
        mcnemar([0, 1], [0, 1], ["a"])
