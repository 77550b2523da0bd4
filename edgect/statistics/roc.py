"""The ROC curve and the area under it, of slices and of weighted resamples of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from edgect.statistics.bootstrap import DRAWS, SEED, Floats, percentile_interval, slice_weights


def auc(labels: ArrayLike, scores: ArrayLike) -> float:
    """Area under the ROC curve: how often a positive outscores a negative, ties counting half.

    The Mann-Whitney statistic (Hanley and McNeil 1982). NaN where a class is empty.

    >>> auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    truth, score = np.asarray(labels, bool), np.asarray(scores, float)
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if not positives or not negatives:
        return float("nan")
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    u = ranks[truth].sum() - positives * (positives + 1) / 2
    return float(u / (positives * negatives))


class RankedScores:
    """Labels (0, 1) by falling score, slices of equal score together."""

    def __init__(self, labels: ArrayLike, scores: ArrayLike) -> None:
        truth, score = np.asarray(labels, bool), np.asarray(scores, float)
        self._order = np.argsort(-score, kind="stable")
        self._truth = truth[self._order]
        falling = score[self._order]
        self._starts = np.flatnonzero(np.append(True, falling[1:] != falling[:-1]))
        self.thresholds = falling[self._starts]

    def counts(self, weights: Floats) -> tuple[Floats, Floats]:
        """Positives and negatives at each threshold, `[draws, thresholds]`, of weights `[draws, slices]`."""
        ranked = weights[:, self._order]
        positives = np.add.reduceat(ranked * self._truth, self._starts, axis=1)
        return positives, np.add.reduceat(ranked, self._starts, axis=1) - positives

    def areas(self, weights: Floats) -> Floats:
        """Compute the area under each draw's curve, as `auc`; NaN where a class was not drawn."""
        positives, negatives = self.counts(weights)
        passed = np.cumsum(positives, 1) - positives / 2  # outscore a negative here, equals by half
        pairs = positives.sum(1) * negatives.sum(1)
        area: Floats = (negatives * passed).sum(1) / np.where(pairs > 0, pairs, np.nan)
        return area


@dataclass(frozen=True)
class RocCurve:
    """From (0, 0) to (1, 1): false positive rate and sensitivity with the threshold falling.

    grid, low, high: the 95 % band of the sensitivity at false positive rates, by bootstrap over patients.
    """

    false_positive_rate: Floats
    sensitivity: Floats
    grid: Floats
    low: Floats
    high: Floats


def roc_curve(
    labels: ArrayLike,
    scores: ArrayLike,
    patients: Sequence[str],
    draws: int = DRAWS,
    seed: int = SEED,
    points: int = 101,
) -> RocCurve:
    """labels: of both classes. points: of the band. Draws without one of the classes are left out."""
    ranked, grid = RankedScores(labels, scores), np.linspace(0, 1, points)
    ((sensitivity, false_positive_rate),) = _curves(ranked, np.ones((1, len(patients))))
    drawn = [
        tpr[np.searchsorted(fpr, grid, "right") - 1]
        for weights in slice_weights(patients, draws, seed)
        for tpr, fpr in _curves(ranked, weights)
    ]
    low, high = percentile_interval(np.array(drawn)) if drawn else (np.full(points, np.nan),) * 2
    return RocCurve(false_positive_rate, sensitivity, grid, low, high)


def _curves(ranked: RankedScores, weights: Floats) -> list[tuple[Floats, Floats]]:
    rates = []
    for counts in ranked.counts(weights):
        total = counts.sum(1, keepdims=True)
        rates.append(np.cumsum(counts, 1) / np.where(total > 0, total, np.nan))
    start = np.zeros(1)
    return [
        (np.append(start, tpr), np.append(start, fpr))
        for tpr, fpr in zip(*rates, strict=True)
        if tpr[-1] == 1 and fpr[-1] == 1
    ]
