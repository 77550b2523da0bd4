"""The ROC curve and the area under it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from edgect.statistics.roc import RankedScores, auc, roc_curve

CASES = st.lists(st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.2, 0.4, 0.5, 0.7, 1.0])), min_size=1)


@given(CASES)
def test_auc_is_how_often_a_positive_outscores_a_negative(cases: list[tuple[int, float]]) -> None:
    positives = [score for label, score in cases if label]
    negatives = [score for label, score in cases if not label]
    area = auc(*zip(*cases, strict=True))
    if not positives or not negatives:
        assert math.isnan(area)
    else:
        wins = [(p > n) + (p == n) / 2 for p in positives for n in negatives]
        assert area == pytest.approx(sum(wins) / len(wins))


@given(CASES)
def test_weighted_slices_have_the_area_of_repeated_ones(cases: list[tuple[int, float]]) -> None:
    labels, scores = (np.array(column) for column in zip(*cases, strict=True))
    weights = np.arange(len(cases)) % 3
    (area,) = RankedScores(labels, scores).areas(weights[np.newaxis].astype(float))
    assert area == pytest.approx(auc(np.repeat(labels, weights), np.repeat(scores, weights)), nan_ok=True)


def test_the_curve_is_that_of_scikit_learn_and_lies_in_its_band() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 200)
    scores = np.round(rng.normal(0.4 + 0.2 * labels, 0.2), 2)
    curve = roc_curve(labels, scores, [f"{number // 2}" for number in range(200)], draws=200)
    expected = metrics.roc_curve(labels, scores, drop_intermediate=False)
    np.testing.assert_allclose(curve.false_positive_rate, expected[0])
    np.testing.assert_allclose(curve.sensitivity, expected[1])
    on_grid = curve.sensitivity[np.searchsorted(curve.false_positive_rate, curve.grid, "right") - 1]
    assert np.mean((curve.low <= on_grid) & (on_grid <= curve.high)) > 0.95
    assert np.mean(curve.high - curve.low) > 0.05
