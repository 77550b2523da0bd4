"""Differences of two models on the same slices, with intervals by patient, and McNemar's test."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

import numpy as np
from numpy.typing import NDArray

from edgect.evaluate.report import Estimate, known
from edgect.statistics.bootstrap import percentile_interval, slice_weights
from edgect.statistics.roc import RankedScores, auc

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


def difference_of_shares(first: Bools, second: Bools, patients: Sequence[str]) -> Estimate:
    """Of the second less of the first, each the share of True of `[slices]`."""
    if not len(patients):
        return Estimate(None, None, None)
    values = second.astype(float) - first.astype(float)
    drawn = np.concatenate([weights @ values / weights.sum(1) for weights in slice_weights(patients)])
    return _estimate(float(values.mean()), drawn)


def difference_of_auc(labels: Bools, first: Floats, second: Floats, patients: Sequence[str]) -> Estimate:
    """Of the second less of the first; scores `[slices]`."""
    if len(np.unique(labels)) < 2:
        return Estimate(None, None, None)
    ranked = RankedScores(labels, first), RankedScores(labels, second)
    drawn = [ranked[1].areas(weights) - ranked[0].areas(weights) for weights in slice_weights(patients)]
    return _estimate(auc(labels, second) - auc(labels, first), np.concatenate(drawn))


def mcnemar(first: Bools, second: Bools) -> float:
    """Exact two-sided p that discordant slices fall to either side alike (McNemar 1947).

    first, second: which slices each model is right on, `[slices]`.
    ."""
    only_first, only_second = int((first & ~second).sum()), int((~first & second).sum())
    discordant, fewer = only_first + only_second, min(only_first, only_second)
    tail = sum(comb(discordant, k) for k in range(fewer + 1))
    return float(min(1.0, 2 * tail / 2**discordant))


def _estimate(value: float, drawn: Floats) -> Estimate:
    low, high = percentile_interval(drawn[:, np.newaxis])
    return Estimate(value, known(float(low[0])), known(float(high[0])))
