"""Logistic regression on embeddings, drawn toward the weights of the present head (ridge)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
STEPS, CLOSE = 100, 1e-8  # of Newton's method, and when it has arrived: the largest slope
HALVINGS = 40


@dataclass(frozen=True)
class Direction:
    """Of the head: log-odds of COVID-19 are `weight @ embedding + bias`. weight: float64 `[d]`."""

    weight: Floats
    bias: float

    def log_odds(self, embeddings: NDArray[np.floating]) -> Floats:
        """embeddings: `[n, d]`."""
        return np.asarray(embeddings.astype(np.float64) @ self.weight + self.bias)

    def times(self, factor: float) -> Direction:
        return Direction(self.weight * factor, self.bias * factor)


def fit_direction(
    embeddings: NDArray[np.floating],
    labels: NDArray[np.bool_],
    weights: Floats,
    start: Direction,
    strength: float,
) -> Direction:
    """The least of `strength * sum(weights * losses) + |weight - start.weight|² / 2`; the bias is free.

    embeddings: `[n, d]`. labels: bool `[n]`. weights: float64 `[n]`, how much each loss counts.
    strength: C in the sense of scikit-learn, above 0; at 0, `start` is returned. By Newton's method in the
    span of the slices, where the least is: as many unknowns as slices, if there are fewer than features.
    """
    if strength == 0:
        return start
    values = embeddings.astype(np.float64)
    # the weights move within the span of the rows alone: with few slices, solve there
    basis = np.linalg.qr(values.T)[0] if len(values) < values.shape[1] else np.eye(values.shape[1])
    inputs = np.column_stack([values @ basis, np.ones(len(values))])
    ridge = np.append(np.ones(basis.shape[1]), 0.0)
    offset, scale = start.log_odds(values), strength * weights
    signs = np.where(labels, 1.0, -1.0)

    def cost(moved: Floats) -> float:
        losses = np.logaddexp(0, -signs * (offset + inputs @ moved))
        return float(scale @ losses + ridge @ moved**2 / 2)

    moved = np.zeros(inputs.shape[1])
    for _ in range(STEPS):
        probabilities = _sigmoid(offset + inputs @ moved)
        slope = inputs.T @ (scale * (probabilities - labels)) + ridge * moved
        if np.abs(slope).max() < CLOSE:
            break
        curvature = scale * probabilities * (1 - probabilities)
        hessian = (inputs.T * curvature) @ inputs + np.diag(ridge + 1e-12)
        step, now, size = np.linalg.solve(hessian, slope), cost(moved), 1.0
        for _ in range(HALVINGS):  # no further than downhill
            if cost(moved - size * step) <= now:
                break
            size /= 2
        moved = moved - size * step
    return Direction(start.weight + basis @ moved[:-1], start.bias + float(moved[-1]))


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(values / 2)))
