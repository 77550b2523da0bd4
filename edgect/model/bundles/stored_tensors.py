"""Where in a model file a constant's numbers lie, to be read or replaced there."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LITTLE_ENDIAN = np.dtype("<f4")


class StoredTensor(NamedTuple):
    """Float32 numbers that lie together in a file. start: the first byte's place in it."""

    shape: tuple[int, ...]
    start: int

    @property
    def stop(self) -> int:
        return self.start + LITTLE_ENDIAN.itemsize * math.prod(self.shape)

    def read(self, content: bytes) -> NDArray[np.float32]:
        """The numbers, in `shape`. Raises ValueError where the file ends before them."""
        numbers = np.frombuffer(content, LITTLE_ENDIAN, math.prod(self.shape), self.start)
        return numbers.astype(np.float32).reshape(self.shape)

    def write(self, content: bytearray, values: NDArray[np.float32]) -> None:
        """Put other numbers, of the same shape, in their place."""
        content[self.start : self.stop] = values.astype(LITTLE_ENDIAN).tobytes()
