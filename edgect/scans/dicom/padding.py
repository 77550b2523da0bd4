"""Which stored values are padding (PS3.3, C.7.5.1.1.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from edgect.scans.dicom.dataset import number
from edgect.scans.dicom.stored import Stored

MIN_SURROUND = 0.02  # of all pixels, which no single value of tissue comes to


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

    def mask(self, stored: Stored) -> NDArray[np.bool_]:
        """Where integers are padding, by their bits.

        Files state unsigned padding of signed pixels, and -2000 of unsigned ones. Padding that the bits
        stored cannot hold stands in all that were allocated, or was cut with them: then it is what
        fills a surround, which no value of tissue does.
        """
        allocated = 8 * stored.words.dtype.itemsize
        padding = np.zeros(stored.words.shape, np.bool_)
        if self._fits(allocated):
            padding = self._match(stored.words, allocated)
        if stored.values is stored.words and stored.bits == allocated:
            return padding
        cut = self._match(stored.values, stored.bits)
        if self._fits(stored.bits) or (not padding.any() and cut.mean() > MIN_SURROUND):
            padding |= cut
        return padding

    def _fits(self, bits: int) -> bool:
        """With a sign or without."""
        return -(1 << bits - 1) <= self.first and self.last < 1 << bits

    def _match(self, values: NDArray[Any], bits: int) -> NDArray[np.bool_]:
        unsigned = np.dtype(f"u{values.dtype.itemsize}")
        first, mask = (np.array(number % 2**bits, unsigned) for number in (self.first, -1))
        return np.asarray(((values.astype(unsigned) - first) & mask) <= self.last - self.first)
