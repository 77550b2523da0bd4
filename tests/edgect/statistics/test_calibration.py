"""Reliability, expected calibration error and the Brier score."""

from __future__ import annotations

import math
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss

from edgect.statistics.calibration import brier, expected_calibration_error, reliability_bins

CASES = st.lists(st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.2, 0.4, 0.5, 0.7, 1.0])), min_size=1)


def test_calibration_of_a_known_table() -> None:
    probabilities, labels = [0.1] * 10 + [0.8] * 10, [1] * 2 + [0] * 8 + [1] * 6 + [0] * 4
    low, high = reliability_bins(labels, probabilities, bins=2)
    assert (low.count, low.lowest, low.highest, low.share) == (10, 0.1, 0.1, 0.2)
    assert (high.count, high.probability, high.share) == (10, pytest.approx(0.8), 0.6)
    assert expected_calibration_error(labels, probabilities, bins=2) == pytest.approx((0.1 + 0.2) / 2)
    assert brier(labels, probabilities) == pytest.approx((2 * 0.81 + 8 * 0.01 + 6 * 0.04 + 4 * 0.64) / 20)


@given(CASES, st.integers(1, 12), st.randoms(use_true_random=False))
def test_bins_part_no_equals_and_lose_nobody(
    cases: list[tuple[int, float]], bins: int, random: Random
) -> None:
    labels, probabilities = zip(*cases, strict=True)
    calibration_bins = reliability_bins(labels, probabilities, bins)
    assert len(calibration_bins) <= bins
    assert sum(bin.count for bin in calibration_bins) == len(cases)
    assert sum(bin.count * bin.share for bin in calibration_bins) == pytest.approx(sum(labels))
    assert all(lower.highest < upper.lowest for lower, upper in pairwise(calibration_bins))
    random.shuffle(cases)
    shuffled = expected_calibration_error(*zip(*cases, strict=True), bins)
    assert shuffled == pytest.approx(expected_calibration_error(labels, probabilities, bins))
    assert 0 <= shuffled <= 1


@given(slices=st.integers(1, 200), bins=st.integers(1, 15))
def test_bins_of_different_probabilities_are_of_equal_counts(slices: int, bins: int) -> None:
    counts = [bin.count for bin in reliability_bins([0] * slices, np.linspace(0, 1, slices), bins)]
    assert len(counts) == min(bins, slices)
    assert max(counts) - min(counts) <= 1


@given(CASES)
def test_the_brier_score_is_that_of_scikit_learn(cases: list[tuple[int, float]]) -> None:
    labels, probabilities = zip(*cases, strict=True)
    assert brier(labels, probabilities) == pytest.approx(
        brier_score_loss(labels, probabilities, pos_label=1, labels=[0, 1])
    )


def test_without_slices_calibration_is_not_a_number() -> None:
    assert reliability_bins([], []) == []
    assert math.isnan(expected_calibration_error([], []))
    assert math.isnan(brier([], []))


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="2 labels for 1 probabilities"):
        reliability_bins([1, 0], [0.5])
