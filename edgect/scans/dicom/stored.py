"""Stored values of a frame: the integers in the bits that hold them, and which of them are padding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from edgect.scans.dicom.dataset import number

MIN_SURROUND = 0.02  # of all pixels, which no single value of tissue comes to


@dataclass(frozen=True)
class Stored:
    """Integers `[rows, columns]`, signed or not as the file says.

    values: only the bits that hold them, of which there are `bits`. words: all that were allocated.
    """

    values: NDArray[np.integer]
    words: NDArray[np.integer]
    bits: int

    @classmethod
    def of_words(cls, words: NDArray[Any], bits: int, shift: int) -> Stored:
        """Uncompressed. shift: unused bits above, so that the highest stored is any sign (PS3.5, 8.1.1)."""
        unused = 8 * words.dtype.itemsize - bits
        if not unused:
            return cls(words, words, bits)
        if words.dtype.kind == "u" and shift == unused:  # the same in one pass
            return cls(words & words.dtype.type((1 << bits) - 1), words, bits)
        return cls(np.asarray(words << shift >> unused), words, bits)

    @classmethod
    def of_samples(cls, samples: NDArray[Any], bits: int) -> Stored:
        """Decompressed. JPEG-LS and unsigned JPEG 2000 know no sign: it is the highest of the bits stored.

        Unless there are values that so many bits cannot hold, with a sign or without.
        """
        unused = 8 * samples.dtype.itemsize - bits
        signed = samples.dtype.kind == "i" and unused > 0
        if signed and samples.min() >= -(2 ** (bits - 1)) and samples.max() < 2**bits:
            samples = np.asarray(samples << unused >> unused)
        return cls(samples, samples, bits)


@dataclass(frozen=True)
class Padding:
    """The stored values from `first` to `last`, as the file states them (PS3.3, C.7.5.1.1.2)."""

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
