"""Patients weigh alike, however many slices each has: weights of slices, and ranks that count patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
ROUNDING = 1e-9  # of sums of shares


@dataclass(frozen=True)
class Labelled:
    """Log-odds of COVID-19, float64 `[n]`, with labels, bool `[n]`, and the patient of each, `[n]`."""

    log_odds: Floats
    labels: NDArray[np.bool_]
    units: NDArray[np.str_]

    def ranked(self, positive: bool) -> Floats:
        """`ranked_by_patient` of one class, rising."""
        chosen = self.labels == positive
        return ranked_by_patient(self.log_odds[chosen], self.units[chosen])

    def patients(self, positive: bool) -> int:
        return count_patients(self.units[self.labels == positive])

    def mirrored(self) -> Labelled:
        """With log-odds of not having COVID-19; labels stay."""
        return Labelled(-self.log_odds, self.labels, self.units)

    @property
    def weights(self) -> Floats:
        return slice_weights(self.labels, self.units)


def count_patients(units: NDArray[np.str_]) -> int:
    return len(np.unique(units))


def slice_weights(labels: NDArray[np.bool_], units: NDArray[np.str_]) -> Floats:
    """Float64 `[n]`, n in the sum: patients of a class weigh alike, and so do classes, if there are both."""
    weights = np.zeros(len(labels))
    for label in (False, True):
        chosen = labels == label
        if chosen.any():
            shares = _shares(units[chosen])
            weights[chosen] = shares / shares.sum()
    return np.asarray(weights * (len(weights) / max(weights.sum(), ROUNDING)))


def ranked_by_patient(values: Floats, units: NDArray[np.str_]) -> Floats:
    """As many values as there are patients, rising, whose ranks count patients in place of slices.

    A slice counts as one part of its patient's slices. The k-th, counted from 1, is the highest limit with
    slices of at most k - 1 patients below it, so that a rule for one value from each patient, such as
    split-conformal prediction, keeps its word on a slice from a patient to come, whichever of his slices
    that is (conformal risk control, Angelopoulos et al. 2024, of the share of a patient's slices). With one
    slice a patient it is the values themselves.

    >>> ranked_by_patient(np.array([3.0, 1.0, 2.0, 4.0]), np.array(["a", "b", "a", "c"]))
    array([1., 2., 4.])
    """
    order = np.argsort(values, kind="stable")
    shares = _shares(units)[order]
    below = np.cumsum(shares) - shares  # patients' worth of slices before each
    ranks = np.arange(count_patients(units))
    return np.asarray(values[order][np.searchsorted(below, ranks + ROUNDING, "right") - 1])


def _shares(units: NDArray[np.str_]) -> Floats:
    """Of each slice in its patient."""
    _, numbers, counts = np.unique(units, return_inverse=True, return_counts=True)
    return np.asarray(1 / counts[numbers])
