"""Bootstrap over patients, or over blocks of neighbouring slices that stand for them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

DRAWS = 2000


def interval_of_mean(values: NDArray[np.float64], units: Sequence[str] | NDArray[np.str_]) -> list[float]:
    """95 % interval, [low, high], of the mean of values, float64 `[n]`, drawing whole units."""
    _, unit = np.unique(units, return_inverse=True)
    sums, counts = np.bincount(unit, values), np.bincount(unit)
    drawn = np.random.default_rng(0).integers(len(counts), size=(DRAWS, len(counts)))
    return [float(end) for end in np.percentile(sums[drawn].sum(1) / counts[drawn].sum(1), [2.5, 97.5])]
