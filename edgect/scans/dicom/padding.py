"""Which stored values are padding (PS3.3, C.7.5.1.1.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from edgect.scans.dicom.dataset import number


@dataclass(frozen=True)
class Padding:
    """first, last: of the stored values, as the file states them."""

    first: int
    last: int

    @classmethod
    def of(cls, dataset: Dataset) -> Padding | None:
        """None where the file has none. Raises ScanError where it is malformed."""
        first = number(dataset, "PixelPaddingValue")
        if first is None:
            return None
        last = number(dataset, "PixelPaddingRangeLimit")
        ends = sorted((int(first), int(first if last is None else last)))
        return cls(*ends)

    def among(self, stored: NDArray[Any]) -> NDArray[np.bool_]:
        """Where integers of 8, 16 or 32 bits are padding.

        By their bits: files state unsigned padding of signed pixels, and -2000 of unsigned ones. What so
        many bits cannot hold, with a sign or without, is nowhere.
        """
        bits = 8 * stored.dtype.itemsize
        if self.first < -(2 ** (bits - 1)) or self.last >= 2**bits:
            return np.zeros(stored.shape, np.bool_)
        unsigned = np.dtype(f"u{stored.dtype.itemsize}")
        offset = stored.astype(unsigned) - np.array(self.first % 2**bits, unsigned)  # which wraps
        return np.asarray(offset <= self.last - self.first)
