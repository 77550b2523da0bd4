"""What probabilities are worth: reliability by bins, expected calibration error and the Brier score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


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
    truth, predicted = np.asarray(labels, bool), np.asarray(probabilities, float)
    if truth.shape != predicted.shape:
        raise ValueError(f"{truth.size} labels for {predicted.size} probabilities")
    order = np.argsort(predicted, kind="stable")
    truth, predicted = truth[order], predicted[order]
    targets = np.arange(1, bins) * len(predicted) // bins
    ends = np.unique(
        np.append(np.searchsorted(predicted, predicted[targets[targets > 0] - 1], "right"), len(predicted))
    )
    starts = np.append(0, ends[:-1])
    return [
        CalibrationBin(
            count=int(end - start),
            lowest=float(predicted[start]),
            highest=float(predicted[end - 1]),
            probability=float(predicted[start:end].mean()),
            share=float(truth[start:end].mean()),
        )
        for start, end in zip(starts, ends, strict=True)
        if start < end
    ]


def expected_calibration_error(labels: ArrayLike, probabilities: ArrayLike, bins: int = 10) -> float:
    """By how much probabilities miss the share of COVID-19, 0 to 1: the mean over `reliability_bins`.

    Of the probability of COVID-19, not of the predicted class (Naeini et al. 2015 with bins of
    equal counts). Few slices raise it by chance alone. NaN without slices.

    >>> expected_calibration_error([0, 1, 1, 1], [0.5, 0.5, 0.5, 0.5])
    0.25
    """
    calibration_bins = reliability_bins(labels, probabilities, bins)
    slices = sum(bin.count for bin in calibration_bins)
    total_error = sum(bin.count * abs(bin.probability - bin.share) for bin in calibration_bins)
    return total_error / slices if slices else float("nan")


def brier(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Mean squared distance of the probability from 0 or 1 (Brier 1950), 0 to 1; NaN without slices."""
    truth, predicted = np.asarray(labels, bool), np.asarray(probabilities, float)
    return float(np.mean((predicted - truth) ** 2)) if predicted.size else float("nan")
