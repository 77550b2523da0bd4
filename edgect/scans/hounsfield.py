"""Hounsfield units to grey levels by one fixed window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Window:
    """level: the Hounsfield unit in the middle of the greys. width: Hounsfield units from black to white."""

    level: float = -600.0
    width: float = 1500.0

    def grey(self, hounsfield: ArrayLike) -> NDArray[np.uint8]:
        """Hounsfield units, any shape, to uint8; below the window 0, above it 255."""
        low = self.level - self.width / 2
        share = np.asarray(np.asarray(hounsfield, np.float32) - low)
        share /= self.width
        np.clip(share, 0, 1, out=share)  # in place: a slice may be 256 MiB
        share *= 255
        return np.asarray(np.rint(share, out=share), np.uint8)
