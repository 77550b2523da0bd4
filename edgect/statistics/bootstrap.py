"""Patients drawn with replacement (cluster bootstrap), and the 95 % intervals that come of the draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

DRAWS, SEED = 2000, 0
INTERVAL = (2.5, 97.5)  # percentiles
_WEIGHTS_AT_ONCE = 1 << 21  # 16 MiB

Floats = NDArray[np.float64]


def patient_draws(patients: int, draws: int = DRAWS, seed: int = SEED) -> Iterator[NDArray[np.int64]]:
    """Numbers of the patients in each draw, as many as there are: int64 `[patients]`, 0 to patients - 1."""
    rng = np.random.default_rng(seed)
    return (rng.integers(patients, size=patients) for _ in range(draws))


def slice_weights(patients: Sequence[str], draws: int = DRAWS, seed: int = SEED) -> Iterator[Floats]:
    """How often each slice is in each draw: float64 `[draws at once, slices]`, until all draws are made.

    patients: of each slice. Patients, not slices, are the independent units, so slices of one patient stay
    together (cluster bootstrap, Field and Welsh 2007).
    """
    number, count = _numbered(patients)
    at_once = max(1, _WEIGHTS_AT_ONCE // len(number))
    drawn = patient_draws(count, draws, seed)
    for start in range(0, draws, at_once):
        size = min(at_once, draws - start)
        times = [np.bincount(next(drawn), minlength=count) for _ in range(size)]
        yield np.array(times, np.float64)[:, number]


def resamples(patients: Sequence[str], draws: int = DRAWS, seed: int = SEED) -> Iterator[NDArray[np.int64]]:
    """Numbers of the slices in each draw, one by one; slices of a patient drawn twice are there twice."""
    number, count = _numbered(patients)
    slices_by_patient = [np.flatnonzero(number == patient) for patient in range(count)]
    for drawn in patient_draws(count, draws, seed):
        yield np.concatenate([slices_by_patient[patient] for patient in drawn])


def percentile_interval(values: Floats) -> tuple[Floats, Floats]:
    """Both ends of the 95 % interval of each column of `[draws, columns]`.

    NaN is left out; a column of nothing else has NaN for both ends.
    """
    known = [column[~np.isnan(column)] for column in values.T]
    intervals = [np.percentile(column, INTERVAL) if column.size else np.full(2, np.nan) for column in known]
    low, high = np.array(intervals).T
    return low, high


def _numbered(patients: Sequence[str]) -> tuple[NDArray[np.intp], int]:
    """Give each slice the number of its patient, and count the patients."""
    _, number = np.unique(np.asarray(patients), return_inverse=True)
    return number, int(number.max()) + 1
