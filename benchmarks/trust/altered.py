"""Validation slices turned, mirrored, inverted, cut and blurred."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


def _blurred(sigma: float) -> Callable[[Picture], Picture]:
    """sigma: in pixels of a slice of 256."""
    return lambda slice_: np.asarray(
        cv2.GaussianBlur(slice_, (0, 0), sigma * max(slice_.shape) / 256), np.uint8
    )


def _middle(slice_: Picture) -> Picture:
    down, across = slice_.shape[0] // 4, slice_.shape[1] // 4
    return slice_[down:-down, across:-across]


ALTERED: dict[str, Callable[[Picture], Picture]] = {
    "as they are": lambda slice_: slice_,
    "inverted": lambda slice_: 255 - slice_,
    "turned by 90 degrees": lambda slice_: np.rot90(slice_),
    "turned by 180 degrees": lambda slice_: np.rot90(slice_, 2),
    "upside down": lambda slice_: slice_[::-1],
    "left and right changed": lambda slice_: slice_[:, ::-1],
    "upper left quarter alone": lambda slice_: slice_[: slice_.shape[0] // 2, : slice_.shape[1] // 2],
    "middle quarter alone": _middle,
    "blurred a little (sigma 2 of 256)": _blurred(2),
    "blurred beyond use (sigma 6 of 256)": _blurred(6),
}
