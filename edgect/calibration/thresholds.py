"""Operating points on log-odds of labelled slices, and how many patients a promise takes."""

from __future__ import annotations

import math

import numpy as np

from edgect.calibration.patients import ROUNDING, Floats, Labelled
from edgect.errors import UsageError
from edgect.statistics.sample_size import patients_to_promise

SCALE = 1e6  # thresholds have six digits


def balanced(fitted: Labelled) -> float:
    """Log-odds between two slices where the least of sensitivity and specificity is highest.

    Patients weigh alike; where several do as well, the one in the middle. fitted: of both classes.
    """
    values = np.unique(fitted.log_odds)
    if len(values) == 1:
        return float(values[0])
    middles = (values[:-1] + values[1:]) / 2
    sensitivity = _share_at_least(fitted, True, middles)
    specificity = 1 - _share_at_least(fitted, False, middles)
    least = np.minimum(sensitivity, specificity)
    best = np.flatnonzero(least >= least.max() - ROUNDING)
    return float(middles[best[len(best) // 2]])


def screening(fitted: Labelled, sensitivity: float) -> float:
    """The highest log-odds at and above which the promised sensitivity holds for patients to come.

    It holds on average over fitting parts: a patient to come is as likely as any of these to be among the
    lowest (see `ranked_by_patient`). Raises UsageError for too few patients.
    """
    rank = _rank(fitted.patients(True), sensitivity, "sensitivity")
    return float(fitted.ranked(True)[rank - 1])


def specific(fitted: Labelled, specificity: float) -> float:
    """Log-odds above which slices without COVID-19 lie no more often than promised, as `screening`."""
    rank = _rank(fitted.patients(False), specificity, "specificity")
    return float(fitted.mirrored().ranked(False)[rank - 1] * -1)


def check_promise(patients: int, promised: float, name: str) -> None:
    """Raises UsageError where so many patients of a class are too few to promise it of others."""
    _rank(patients, promised, name)


def probability_at_least(probability: float) -> float:
    """A threshold that a probability reaches, with few digits."""
    return math.floor(probability * SCALE) / SCALE


def probability_above(probability: float) -> float:
    """A threshold that a probability does not reach, with few digits, at most 1."""
    return min((math.floor(probability * SCALE) + 1) / SCALE, 1.0)


def _rank(patients: int, promised: float, name: str) -> int:
    """Which of the patients' values is the threshold: one less may be missed."""
    if (rank := math.floor((patients + 1) * (1 - promised) + ROUNDING)) >= 1:
        return rank
    kind = "with" if name == "sensitivity" else "without"
    highest = math.floor(1000 * patients / (patients + 1)) / 1000
    advice = f"the highest with {patients} is --{name} {highest:g}" if patients else "there is none"
    raise UsageError(
        f"a {name} of {promised:g} cannot be promised by {patients} patients {kind} COVID-19 in the fitting "
        f"part: {patients_to_promise(promised)} are needed; {advice}"
    )


def _share_at_least(fitted: Labelled, positive: bool, limits: Floats) -> Floats:
    """Of the slices of a class, patients weighing alike, those at or above each limit."""
    chosen = fitted.labels == positive
    values, weights = fitted.log_odds[chosen], fitted.weights[chosen]
    order = np.argsort(values)
    below = np.append(0.0, np.cumsum(weights[order]))
    return np.asarray(1 - below[np.searchsorted(values[order], limits, "left")] / below[-1])
