"""Patients of several slices, areas and promises: coverage over so many repetitions.

Slices of a patient resemble each other: each has a normal value, the sum of one of the patient and one of its
own, and is called right where it lies below a quantile. The values of two models are correlated.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from benchmarks.coverage.setting import Coverage, Floats, width, within
from edgect.calibration import thresholds
from edgect.calibration.patients import Labelled
from edgect.statistics.bootstrap import patient_draws, percentile_interval
from edgect.statistics.intervals import interval_of_auc, interval_of_mean

REPETITIONS, AREA_REPETITIONS = 400, 250
DRAWS, RESAMPLES = 500, 200  # of an interval
Random = np.random.Generator


def share(rng: Random, patients: int, slices: int, correlation: float, rate: float) -> Coverage:
    """Of slices that are called right."""
    names, tried, plain = _names(patients, slices), [], 0
    for _ in range(REPETITIONS):
        right = _values(rng, patients, slices, correlation) < norm.ppf(rate)
        tried.append(interval_of_mean(right.ravel(), names, draws=DRAWS))
        low, high = percentile_interval(right.mean(1)[_resamples(patients)].mean(1)[:, None])
        plain += within((float(low[0]), float(high[0])), rate)
    return _coverage(tried, rate, plain / REPETITIONS)


def area(rng: Random, patients: int, slices: int, correlation: float, truth: float) -> Coverage:
    """Of the area under the ROC curve, of so many patients of either class."""
    names = list(_names(2 * patients, slices))
    labels, tried = np.repeat([0, 1], patients * slices), []
    for _ in range(AREA_REPETITIONS):
        scores = _values(rng, 2 * patients, slices, correlation).ravel()
        scores += labels * np.sqrt(2) * norm.ppf(truth)
        tried.append(interval_of_auc(labels, scores, names, draws=DRAWS))
    return _coverage(tried, truth)


def difference(
    rng: Random, patients: int, slices: int, correlation: float, rates: tuple[float, float], between: float
) -> Coverage:
    """Of the shares that two models call right. between: correlation of their values on a slice."""
    names, tried = _names(patients, slices), []
    for _ in range(REPETITIONS):
        first, other = (_values(rng, patients, slices, correlation) for _ in range(2))
        second = between * first + np.sqrt(1 - between**2) * other
        gain = (first < norm.ppf(rates[0])).astype(int) - (second < norm.ppf(rates[1]))
        tried.append(interval_of_mean(gain.ravel(), names, -1, DRAWS))
    return _coverage(tried, rates[0] - rates[1])


def promise(rng: Random, patients: int, promised: float) -> tuple[float, float]:
    """True sensitivity of fitted thresholds, on average, and how often one reaches what is promised."""
    names, true = _names(patients, 1), []
    for _ in range(REPETITIONS):
        fitted = Labelled(rng.normal(0, 1, patients), np.ones(patients, bool), names)
        true.append(1 - norm.cdf(thresholds.screening(fitted, promised)))
    return float(np.mean(true)), float(np.mean([value >= promised for value in true]))


def _values(rng: Random, patients: int, slices: int, correlation: float) -> Floats:
    """Standard normal, `[patients, slices]`, those of a patient so correlated."""
    own = rng.normal(0, np.sqrt(1 - correlation), (patients, slices))
    return np.asarray(own + rng.normal(0, np.sqrt(correlation), (patients, 1)))


def _coverage(
    tried: list[tuple[float, float] | None], truth: float, bootstrap: float | None = None
) -> Coverage:
    held = float(np.mean([within(interval, truth) for interval in tried]))
    return Coverage(held, float(np.mean([width(interval) for interval in tried])), len(tried), bootstrap)


def _names(patients: int, slices: int) -> NDArray[np.str_]:
    return np.repeat(np.arange(patients), slices).astype(str)


@cache
def _resamples(patients: int) -> NDArray[np.int64]:
    return np.array(list(patient_draws(patients, RESAMPLES)))
