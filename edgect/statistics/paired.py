"""Two models on the same slices: differences of metrics with 95 % intervals by patient, and McNemar's test.

Differences are the first model's figure less the second's. Their intervals are those of
`edgect.statistics.intervals`, in which one more patient is all right by one model and all wrong by the
other. So models that agree on every slice of n patients differ by 0, give or take 1 - 0.025 ** (1 / n) where
patients have as many slices each: the most that n patients of whom none shows a difference can hide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgect.statistics.beta import beta_probability
from edgect.statistics.intervals import (
    interval_of_area,
    interval_of_mean,
    patient_numbers,
)
from edgect.statistics.roc import RankedScores, auc


@dataclass(frozen=True)
class Difference:
    """The first model's figure less the second's, -1 to 1, with its 95 % interval.

    value: NaN without slices of a class that it needs. low, high: None where one patient alone is counted.
    """

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class McNemar:
    """How often one model alone is right, and how likely a split so uneven is between equal models.

    unit: `slice` where each patient has one. Else `patient`: who is counted for the model that is right on
    more of the patient's slices, and not at all where both are on as many. p_value: exact, two-sided.
    """

    unit: Literal["slice", "patient"]
    first_alone: int
    second_alone: int
    p_value: float


def differences(
    labels: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    patients: Sequence[str],
    thresholds: tuple[float, float] = (0.5, 0.5),
) -> Mapping[str, Difference]:
    """Differences of accuracy, sensitivity, specificity and AUC between two models.

    labels: 0 or 1; first, second: probabilities of COVID-19, patients: of each; all `[slices]`. thresholds:
    of the first model and the second. Raises ValueError where lengths differ.
    """
    truth, named = np.asarray(labels, bool), np.asarray(patients)
    rights = [
        _right(truth, scores, threshold, patients)
        for scores, threshold in zip((first, second), thresholds, strict=True)
    ]
    slices = {"accuracy": np.ones_like(truth), "sensitivity": truth, "specificity": ~truth}
    results = {
        name: difference_of_shares(rights[0][counted], rights[1][counted], named[counted])
        for name, counted in slices.items()
    }
    return results | {"auc": difference_of_areas(truth, first, second, patients)}


def difference_of_shares(
    first: ArrayLike, second: ArrayLike, patients: Sequence[str] | NDArray[np.str_]
) -> Difference:
    """first, second: whether each model is right, bool `[slices]`."""
    gain = np.asarray(first, float) - np.asarray(second, float)
    if not gain.size:
        return Difference(float("nan"), None, None)
    ends = interval_of_mean(gain, patients, -1)
    return Difference(float(gain.mean()), *(ends or (None, None)))


def difference_of_areas(
    labels: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    patients: Sequence[str] | NDArray[np.str_],
) -> Difference:
    """Of the areas under the ROC curves. labels: 0 or 1; first, second: scores; all `[slices]`."""
    truth = np.asarray(labels, bool)
    one, other = RankedScores(truth, first), RankedScores(truth, second)
    ends = interval_of_area(truth, lambda weights: one.areas(weights) - other.areas(weights), patients, -1)
    return Difference(auc(truth, first) - auc(truth, second), *(ends or (None, None)))


def mcnemar(first: ArrayLike, second: ArrayLike, patients: Sequence[str] | NDArray[np.str_]) -> McNemar:
    """McNemar's test (1947) by the binomial distribution.

    first, second: whether each model is right, bool `[slices]`; to test sensitivity or specificity, on slices
    of that class alone. Where a patient has several slices it is the sign test of patients, since slices of
    one patient are not independent. Raises ValueError where lengths differ.
    """
    gain = np.asarray(first, float) - np.asarray(second, float)
    if len(gain) != len(patients):
        raise ValueError("answers and patients differ in length")
    by_patient = np.bincount(patient_numbers(patients), gain) if len(gain) else gain
    wins, losses = int((by_patient > 0).sum()), int((by_patient < 0).sum())
    unit: Literal["slice", "patient"] = "slice" if len(by_patient) == len(gain) else "patient"
    return McNemar(unit, wins, losses, _sign_test(wins, losses))


def _right(
    truth: NDArray[np.bool_], scores: ArrayLike, threshold: float, patients: Sequence[str]
) -> NDArray[np.bool_]:
    """Whether each slice is called as it is."""
    probabilities = np.asarray(scores, float)
    if not truth.shape == probabilities.shape == np.shape(patients):
        raise ValueError("labels, probabilities of both models and patients differ in length")
    return np.asarray((probabilities >= threshold) == truth)


def _sign_test(wins: int, losses: int) -> float:
    """Probability, two-sided, of heads and tails at least so unlike: 1 without a toss."""
    fewer, more = sorted((wins, losses))
    lower_tail = beta_probability(0.5, more, fewer + 1) if more else 1.0
    return min(1.0, 2 * lower_tail)
