"""What a user may choose of decoding: the limits of a file, and the window of Hounsfield units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgect.errors import UsageError


@dataclass(frozen=True)
class Limits:
    """How large a file may be; what is over a limit gets a row of status `error`.

    Parameters
    ----------
    bytes : int
        Of a file, or of a member of an archive; at least 1.
    pixels : int
        Of one frame; at least 1.
    frames : int
        Of one file; at least 1.

    Raises
    ------
    UsageError
        A limit is less than 1.

    Examples
    --------
    >>> from edgect import Limits
    >>> Limits(frames=100).pixels
    67108864
    """

    bytes: int = 256 * 2**20
    pixels: int = 2**26  # 8192 x 8192
    frames: int = 4096

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 1:
                raise UsageError(f"the limit of {name} must be at least 1, not {value}")

    def describe(self, name: str) -> str:
        """Put a limit in words, with the option that raises it."""
        return f"the limit of {getattr(self, name):,} {name} (--max-{name})"


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
