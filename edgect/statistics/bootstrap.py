"""Patients drawn with replacement: the ground of every 95 % interval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

DRAWS, SEED = 2000, 0
ENDS = (2.5, 97.5)  # percentiles
_AT_ONCE = 1 << 21  # weights held at a time: 16 MiB

Floats = NDArray[np.float64]


def weights(patients: Sequence[str], draws: int = DRAWS, seed: int = SEED) -> Iterator[Floats]:
    """How often each slice is in each draw: float64 `[some draws, slices]`, until all draws are made.

    Patients, not slices, are the independent units, so slices of one patient stay together
    (cluster bootstrap, Field and Welsh 2007).
    """
    _, inverse = np.unique(np.asarray(patients), return_inverse=True)
    groups = int(inverse.max()) + 1
    rng = np.random.default_rng(seed)
    some = max(1, _AT_ONCE // len(inverse))
    for start in range(0, draws, some):
        drawn = [rng.integers(groups, size=groups) for _ in range(min(some, draws - start))]
        times = np.array([np.bincount(which, minlength=groups) for which in drawn], np.float64)
        yield times[:, inverse]


def ends(values: Floats) -> tuple[Floats, Floats]:
    """Both ends of the interval of each column of `[draws, columns]`; NaN is left out, alone it stays."""
    known = [column[~np.isnan(column)] for column in values.T]
    found = [np.percentile(column, ENDS) if column.size else np.full(2, np.nan) for column in known]
    low, high = np.array(found).T
    return low, high
