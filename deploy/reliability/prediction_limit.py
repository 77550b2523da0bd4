"""How far the next slice may lie, where there are too few to count those that lie beyond."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

from edgect.statistics.beta import beta_quantile

FOLDS, TINY = 5, 1e-9
Floats = NDArray[np.float64]


def prediction_limit(
    validation: Floats,
    validation_patients: Sequence[str],
    training: Floats,
    training_patients: Sequence[str],
    beyond: float,
) -> float:
    """The distance that a slice of a patient to come exceeds with the probability `beyond`, below 0.5.

    validation, training: distances of slices from what was not fitted to their patients. Their logarithms
    are taken as normal, with the mean of validation and the spread of both, so that the limit of one more is,
    of V patients of validation and P of both (Hahn and Meeker 1991, prediction interval),

        exp(mean + t * spread * sqrt(1 + 1 / V)),  t: Student's quantile of P - 2 degrees of freedom

    Patients count, not slices, since slices of one resemble each other. Where some patients lie much further
    off than most, somewhat more than `beyond` exceed it. Infinite with fewer than three patients.
    """
    logs = [np.log(np.maximum(values, TINY)) for values in (validation, training) if len(values)]
    patients = len(set(validation_patients)), len(set(training_patients)) if len(training) else 0
    free = sum(patients) - len(logs)
    if not patients[0] or free < 1:
        return math.inf
    squares = sum(float(((own - own.mean()) ** 2).sum()) for own in logs)
    spread = math.sqrt(squares / max(sum(map(len, logs)) - len(logs), 1))
    margin = student_quantile(1 - beyond, free) * math.sqrt(1 + 1 / patients[0])
    return math.exp(float(logs[0].mean()) + margin * spread)


def cross_validated(
    distances_from_others: Callable[[NDArray[np.intp], NDArray[np.intp]], Floats], patients: Sequence[str]
) -> Floats:
    """Distances of slices, `[n]`, each from what was fitted to other patients' alone.

    distances_from_others: fitted to the first places, of the slices in the second. Empty for fewer than three
    patients.
    """
    folds = min(FOLDS, len(set(patients)))
    if folds < 3:
        return np.empty(0)
    values = np.empty(len(patients))
    for others, own in GroupKFold(folds).split(values, groups=np.asarray(patients)):
        values[own] = distances_from_others(others, own)
    return values


def student_quantile(probability: float, free: float) -> float:
    """Of Student's distribution, for probabilities above 0.5, from the beta distribution."""
    value = beta_quantile(2 * (1 - probability), free / 2, 0.5)
    return math.sqrt(free * (1 / value - 1))
