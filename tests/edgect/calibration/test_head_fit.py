"""Logistic regression drawn toward the present head."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from edgect.calibration.head_fit import Direction, fit_direction

Slices = tuple[np.ndarray, np.ndarray, np.ndarray, Direction]


def drawn(seed: int, slices: int, width: int) -> Slices:
    rng = np.random.default_rng(seed)
    embeddings, labels = rng.normal(1, 1, (slices, width)), rng.random(slices) < 0.5
    labels[:2] = [False, True]
    start = Direction(rng.normal(0, 0.5, width), float(rng.normal()))
    return embeddings, labels, rng.uniform(0.2, 3, slices), start


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 1000), st.integers(2, 40), st.integers(1, 60), st.sampled_from([0.0003, 0.01, 0.3, 10.0])
)
def test_nothing_near_costs_less(seed: int, slices: int, width: int, strength: float) -> None:
    embeddings, labels, weights, start = drawn(seed, slices, width)
    fitted = fit_direction(embeddings, labels, weights, start, strength)

    def cost(weight: np.ndarray, bias: float) -> float:
        log_odds = embeddings @ weight + bias
        losses = np.logaddexp(0, np.where(labels, -log_odds, log_odds))
        return float(strength * weights @ losses + ((weight - start.weight) ** 2).sum() / 2)

    rng, least = np.random.default_rng(seed), cost(fitted.weight, fitted.bias)
    for size in (1e-3, 0.1, 1.0):
        step = rng.normal(0, size, width)
        assert cost(fitted.weight + step, fitted.bias + rng.normal(0, size)) >= least - 1e-9


@pytest.mark.parametrize(("slices", "width"), [(200, 5), (12, 30)])
def test_drawn_toward_nothing_it_is_scikit_learns(slices: int, width: int) -> None:
    embeddings, labels, weights, _ = drawn(0, slices, width)
    fitted = fit_direction(embeddings, labels, weights, Direction(np.zeros(width), 0.0), 0.1)
    theirs = LogisticRegression(C=0.1, tol=1e-10, max_iter=10_000)
    theirs.fit(embeddings, labels, sample_weight=weights)
    assert fitted.weight == pytest.approx(theirs.coef_[0], abs=1e-4)
    assert fitted.bias == pytest.approx(theirs.intercept_[0], abs=1e-4)


def test_without_strength_it_stays() -> None:
    embeddings, labels, weights, start = drawn(1, 10, 4)
    assert fit_direction(embeddings, labels, weights, start, 0.0) is start
    barely = fit_direction(embeddings, labels, weights, start, 1e-9)
    assert barely.weight == pytest.approx(start.weight, abs=1e-6)
