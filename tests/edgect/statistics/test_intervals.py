"""Intervals over patients: exact where they can be, honest at the edges, and covering.

Coverage is summed over every outcome that so many patients can have, each with its probability.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from edgect.statistics import intervals as module
from edgect.statistics.beta import clopper_pearson
from edgect.statistics.intervals import Interval, interval_of_auc, interval_of_mean, interval_of_ratio


def names(count: int, slices: int = 1) -> list[str]:
    return [f"p{number:04}" for number in range(count) for _ in range(slices)]


@settings(deadline=None)
@given(st.integers(2, 60).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))), st.integers(1, 4))
def test_patients_wholly_right_or_wrong_have_the_exact_interval(counts: tuple[int, int], slices: int) -> None:
    count, of = counts
    right = np.repeat([1] * count + [0] * (of - count), slices)
    assert interval_of_mean(right, names(of, slices)) == clopper_pearson(count, of)


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 12).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_weighted_patients_have_nearly_the_exact_interval_too(counts: tuple[int, int]) -> None:
    count, of = counts
    slices = np.append(np.ones(of - 1), 1.000001)  # too unlike to be computed exactly
    drawn = interval_of_ratio(slices * (np.arange(of) < count), slices, draws=20_000)
    assert drawn == pytest.approx(clopper_pearson(count, of), abs=0.01)


def test_17_of_17_are_not_certain() -> None:
    assert interval_of_mean([1] * 17, names(17)) == pytest.approx((0.805, 1), abs=0.001)
    assert interval_of_mean([0] * 17, names(17)) == pytest.approx((0, 0.195), abs=0.001)


def test_patients_without_a_miss_promise_no_more_for_slices_of_different_number() -> None:
    slices = np.arange(1, 18)
    ends = interval_of_ratio(slices, slices)
    assert ends is not None
    assert 0.6 < ends[0] < 0.805
    assert ends[1] == 1


@pytest.mark.parametrize("values", [[1, 1, 1], [0, 1, 0], [0.2, 0.4, 0.9]])
def test_one_patient_has_no_interval(values: list[float]) -> None:
    assert interval_of_mean(values, ["only"] * 3) is None
    assert interval_of_auc([0, 1, 1], values, ["a", "b", "b"]) is None


def test_patients_without_slices_do_not_count() -> None:
    assert interval_of_ratio([1, 1, 0], [1, 1, 0]) == clopper_pearson(2, 2)
    assert interval_of_ratio([1, 0], [1, 0]) is None


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=2, max_size=20), st.data())
def test_shares_of_right_and_wrong_mirror_each_other(
    rows: list[tuple[int, int]], data: st.DataObject
) -> None:
    counts = np.array([[min(right, slices), slices] for right, slices in rows])
    right, wrong = interval_of_ratio(*counts.T), interval_of_ratio(counts[:, 1] - counts[:, 0], counts[:, 1])
    assert right is not None
    assert wrong is not None
    assert 0 <= right[0] <= counts[:, 0].sum() / counts[:, 1].sum() <= right[1] <= 1
    assert wrong == pytest.approx((1 - right[1], 1 - right[0]), abs=0.08)


def test_a_difference_of_nothing_but_0_is_as_wide_as_the_patients_are_few() -> None:
    for patients in (5, 17, 100):
        low, high = interval_of_mean(np.zeros(patients), names(patients), -1) or (0, 0)
        hidden = 1 - 0.025 ** (1 / patients)
        assert (low, high) == pytest.approx((-hidden, hidden), rel=0.03)


@pytest.mark.parametrize(("positives", "negatives"), [(5, 30), (30, 5), (9, 9)])
def test_an_area_of_1_is_not_certain(positives: int, negatives: int) -> None:
    labels = [1] * positives + [0] * negatives
    ends = interval_of_auc(labels, labels, names(len(labels)))
    assert ends == pytest.approx((0.025 ** (1 / min(positives, negatives)), 1), abs=0.02)


def test_a_difference_may_lie_below_0_as_well_as_above() -> None:
    gain = np.array([-1.0] * 30 + [0.0] * 10)
    below = interval_of_mean(gain, names(40), -1)
    assert below is not None
    assert -1 < below[0] < -0.75 < below[1] < -0.4
    assert interval_of_mean(-gain, names(40), -1) == pytest.approx((-below[1], -below[0]), abs=0.01)


def test_an_area_and_its_reverse_mirror_each_other() -> None:
    labels, scores = np.arange(40) % 2, np.random.default_rng(4).normal(size=40)
    ends = interval_of_auc(labels, scores, names(40))
    mirrored = interval_of_auc(labels, -scores, names(40))
    assert ends is not None
    assert mirrored == pytest.approx((1 - ends[1], 1 - ends[0]))


def test_draws_do_not_depend_on_how_many_are_held_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = np.random.default_rng(1).integers(1, 30, (50, 2))
    at_once = interval_of_ratio(counts.min(1), counts.max(1), draws=501)
    monkeypatch.setattr(module, "_WEIGHTS_AT_ONCE", 500)
    assert interval_of_ratio(counts.min(1), counts.max(1), draws=501) == pytest.approx(at_once)


@pytest.mark.parametrize("patients", [5, 6, 7, 8, 9, 10, 12, 15, 20, 30, 40, 50])
def test_of_patients_of_one_slice_the_interval_covers_every_share(patients: int) -> None:
    counts = np.arange(patients + 1)
    right = counts[:, None] > np.arange(patients)
    low, high = np.array([interval_of_mean(row, names(patients)) for row in right]).T
    for share in np.linspace(0, 1, 101):
        probability = stats.binom.pmf(counts, patients, share)
        assert probability[(low <= share) & (share <= high)].sum() >= 0.95, share


@pytest.mark.parametrize("patients", [5, 10, 20])
def test_of_patients_of_two_slices_the_interval_covers_however_these_are_correlated(patients: int) -> None:
    outcomes = outcomes_of(patients)
    of = np.full(patients, 2)
    low, high = ends_of(outcomes, lambda right: interval_of_ratio(right, of, draws=500))
    for share in (0, 0.01, 0.1, 0.3, 0.5, 0.8, 0.95, 0.99, 1):
        for correlation in (0, 0.3, 0.9):
            both, neither = (p * p + correlation * p * (1 - p) for p in (share, 1 - share))
            probability = stats.multinomial.pmf(outcomes, patients, [neither, 1 - both - neither, both])
            covered = (low <= share) & (share <= high)
            assert probability[covered].sum() >= 0.95, (share, correlation)


@pytest.mark.parametrize("patients", [5, 10, 20])
def test_of_two_models_the_interval_of_the_difference_covers_however_unlike_they_are(patients: int) -> None:
    outcomes = outcomes_of(patients)
    low, high = ends_of(outcomes, lambda gain: interval_of_mean(gain - 1, names(patients), -1, draws=500))
    for first_alone, second_alone in [
        (0, 0),
        (0.02, 0),
        (0.2, 0),
        (0.3, 0.05),
        (0.75, 0.25),
        (0.1, 0.1),
        (1, 0),
    ]:
        chances = [second_alone, 1 - first_alone - second_alone, first_alone]
        difference = first_alone - second_alone
        covered = (low <= difference + 1e-9) & (difference - 1e-9 <= high)
        assert stats.multinomial.pmf(outcomes, patients, chances)[covered].sum() >= 0.95, chances


def outcomes_of(patients: int) -> np.ndarray:
    """How many patients have 0, 1 and 2: every possibility, `[outcomes, 3]`."""
    firsts = np.array([(none, one) for none in range(patients + 1) for one in range(patients + 1 - none)])
    return np.column_stack([firsts, patients - firsts.sum(1)])


def ends_of(outcomes: np.ndarray, interval: Callable[[np.ndarray], Interval | None]) -> np.ndarray:
    """Both ends, `[2, outcomes]`. interval: of what each patient has, 0, 1 or 2."""
    return np.array([interval(np.repeat([0, 1, 2], outcome)) for outcome in outcomes]).T
