"""Stored values of a frame: the integers in the bits that hold them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


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
        return cls(np.asarray(words << shift >> unused) if unused else words, words, bits)

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
