"""Patients of one slice: coverage summed over every outcome, each with its probability."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import stats

from benchmarks.coverage.setting import Coverage, Floats
from edgect.statistics.intervals import interval_of_mean

DRAWS = 500  # of the intervals of differences; those of shares are exact


def share(patients: int, rate: float) -> Coverage:
    """Of a share of patients."""
    counts = np.arange(patients + 1)
    probability = stats.binom.pmf(counts, patients, rate)
    plain = (stats.binom.ppf(tail, patients, counts / patients) / patients for tail in (0.025, 0.975))
    return Coverage(*_summed(probability, *_shares(patients), rate), 0, _summed(probability, *plain, rate)[0])


def difference(patients: int, chances: tuple[float, float, float], truth: float) -> Coverage:
    """Of the difference of two models. chances: the second alone is right, both or none, the first alone."""
    outcomes, low, high = _differences(patients)
    return Coverage(*_summed(stats.multinomial.pmf(outcomes, patients, chances), low, high, truth))


@cache
def _shares(patients: int) -> tuple[Floats, Floats]:
    names = np.arange(patients).astype(str)
    right = np.arange(patients + 1)[:, None] > np.arange(patients)
    low, high = np.array([interval_of_mean(row, names) for row in right]).T
    return low, high


@cache
def _differences(patients: int) -> tuple[Floats, Floats, Floats]:
    """Every outcome, `[outcomes, 3]`, with both ends of its interval."""
    names, every = np.arange(patients).astype(str), range(patients + 1)
    outcomes = [
        (lost, patients - lost - won, won) for lost in every for won in every if lost + won <= patients
    ]
    ends = []
    for lost, same, won in outcomes:
        ends.append(interval_of_mean(np.repeat([-1, 0, 1], (lost, same, won)), names, -1, DRAWS))
    low, high = np.array(ends, float).T
    return np.array(outcomes, float), low, high


def _summed(probability: Floats, low: Floats, high: Floats, truth: float) -> tuple[float, float]:
    covered = (low - 1e-9 <= truth) & (truth <= high + 1e-9)
    return float(probability[covered].sum()), float(probability @ (high - low))
