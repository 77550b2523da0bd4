"""Quantiles of grey levels, as numpy's to the bit; bytes are counted, not sorted."""

from __future__ import annotations

import math
from bisect import bisect_right

import cv2
import numpy as np
from numpy.typing import NDArray


def quantiles(
    grey: NDArray[np.uint8], *shares: float, mask: NDArray[np.bool_] | None = None
) -> tuple[float, ...]:
    """As `numpy.quantile`, linearly interpolated, of uint8 `[h, w]` where the mask is; NaN of nothing.

    shares: 0 to 1.
    """
    counts = cv2.calcHist([grey], [0], None if mask is None else mask.view(np.uint8), [256], [0, 256])
    up_to: list[int] = np.cumsum(counts.ravel(), dtype=np.int64).tolist()
    return tuple(_quantile(up_to, share) for share in shares)


def _quantile(up_to: list[int], share: float) -> float:
    """up_to: how many values are at a level or below."""
    count = up_to[-1]
    if not count:
        return math.nan
    place = share * (count - 1)
    low, high = (bisect_right(up_to, rank) for rank in (int(place), math.ceil(place)))
    part = place % 1
    return low + (high - low) * part if part < 0.5 else high - (high - low) * (1 - part)
