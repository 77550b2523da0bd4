"""What probabilities are worth: reliability by bins, expected calibration error and the Brier score."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class CalibrationBin:
    """Slices of neighbouring probabilities: how many, their probabilities, and the share of COVID-19.

    lowest, highest, probability: the smallest, the largest and the mean, 0 to 1. share: of COVID-19
    among them, 0 to 1; equal to `probability` where that means what it says.
    """

    count: int
    lowest: float
    highest: float
    probability: float
    share: float


def reliability_bins(labels: ArrayLike, probabilities: ArrayLike, bins: int = 10) -> list[CalibrationBin]:
    """At most `bins` bins of as nearly equal counts as can be without parting equal probabilities.

    Equal counts, since most probabilities lie at the ends and bins of equal width would hold no
    slice in between (Nixon et al. 2019). An empty list without slices.
    """
    truth, predicted, edges = _binned(labels, probabilities, bins)
    return [
        CalibrationBin(
            count=int(end - start),
            lowest=float(predicted[start]),
            highest=float(predicted[end - 1]),
            probability=float(predicted[start:end].mean()),
            share=float(truth[start:end].mean()),
        )
        for start, end in pairwise(edges)
    ]


def expected_calibration_error(labels: ArrayLike, probabilities: ArrayLike, bins: int = 10) -> float:
    """By how much probabilities miss the share of COVID-19, 0 to 1: the mean over `reliability_bins`.

    Of the probability of COVID-19, not of the predicted class (Naeini et al. 2015 with bins of
    equal counts). Few slices raise it by chance alone. NaN without slices.

    >>> expected_calibration_error([0, 1, 1, 1], [0.5, 0.5, 0.5, 0.5])
    0.25
    """
    truth, predicted, edges = _binned(labels, probabilities, bins)
    if not predicted.size:
        return float("nan")
    total_errors = np.abs(np.add.reduceat(predicted - truth, edges[:-1]))  # of each bin
    return float(total_errors.sum() / len(predicted))


def brier(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Mean squared distance of the probability from 0 or 1 (Brier 1950), 0 to 1; NaN without slices."""
    truth, predicted = np.asarray(labels, bool), np.asarray(probabilities, float)
    return float(np.mean((predicted - truth) ** 2)) if predicted.size else float("nan")


def _binned(
    labels: ArrayLike, probabilities: ArrayLike, bins: int
) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.intp]]:
    """Labels and probabilities in the order of these, and where bins begin and the last one ends."""
    truth, predicted = np.asarray(labels, bool), np.asarray(probabilities, float)
    if truth.shape != predicted.shape:
        raise ValueError(f"{truth.size} labels for {predicted.size} probabilities")
    order = np.argsort(predicted, kind="stable")
    truth, predicted = truth[order], predicted[order]
    targets = np.arange(1, bins) * len(predicted) // bins
    ends = np.searchsorted(predicted, predicted[targets[targets > 0] - 1], "right")
    return truth, predicted, np.unique([0, *ends, len(predicted)])
