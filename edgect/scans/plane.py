"""A slice as a scanner stores it, in Hounsfield units and somewhere in the patient, to greys as displayed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import cos, radians
from typing import NamedTuple, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from edgect.errors import ScanError
from edgect.scans.frame import Vector
from edgect.scans.options import Limits, Window
from edgect.scans.pictures import MIN_SIDE

MAX_TILT = 30.0  # degrees off axial that still are axial: as far as gantries tilt
LOWEST = -1024.0  # Hounsfield units; all below is outside the field of view, where scanners write anything
# Hounsfield units; extended scales of scanners end below 31,000. This, the most that 16 bits with a sign can
# hold, is what gaps are filled with; -2000 that is read without its sign makes 62,512 at the usual intercept
TOO_HIGH = 32767.0
AIR = -500.0  # Hounsfield units; every slice of a chest holds air, round it or in the lungs
SQUARE_TOLERANCE = 0.01  # how far the sides of a pixel may differ before they are made equal
MAX_ASPECT_RATIO = 4.0  # how many times as long as wide a pixel may be

Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True)
class Plane:
    """values: Hounsfield units, float32 `[rows, columns]`.

    right, down: unit vectors from one column, or row, to the next, in the patient's coordinates of
    DICOM: x to the left, y to the back, z to the head. spacing: millimetres from one row, and from
    one column, to the next, or any such ratio.
    """

    values: NDArray[np.float32]
    right: Vector
    down: Vector
    spacing: tuple[float, float] = (1.0, 1.0)


class Turn(NamedTuple):
    """How a slice as it is stored becomes one as it is looked at. mirrored, upturned: after `transposed`."""

    transposed: bool
    mirrored: bool
    upturned: bool

    @classmethod
    def upright(cls, right: Vector, down: Vector) -> Turn:
        """That with the patient's right on the left and the back below. right, down: as in `Plane`."""
        transposed = abs(right[0]) < abs(right[1])
        if transposed:
            right, down = down, right
        return cls(transposed, right[0] < 0, down[1] < 0)

    def apply(self, stored: NDArray[Number]) -> NDArray[Number]:
        """`[rows, columns]`, a view."""
        values = stored.T if self.transposed else stored
        return values[:: -1 if self.upturned else 1, :: -1 if self.mirrored else 1]

    def undo(self, upright: NDArray[Number]) -> NDArray[Number]:
        """The inverse of `apply`."""
        values = upright[:: -1 if self.upturned else 1, :: -1 if self.mirrored else 1]
        return values.T if self.transposed else values


@lru_cache(maxsize=256)  # slices of a series have one
def normal(right: Vector, down: Vector) -> Vector:
    """Unit vector across the slice, towards the head.

    Raises ScanError: the directions are no axial slice's. Up to `MAX_TILT` degrees off in any direction
    are: gantries tilt, and heads do.
    """
    across = np.cross(right, down)
    units = [float(np.linalg.norm(vector)) for vector in (right, down, across)]
    if not np.allclose(units, 1, atol=1e-2):
        raise ScanError("the orientation is not valid: its directions are not unit vectors at right angles")
    least = cos(radians(MAX_TILT)) - 1e-4
    reason = "not axial: its plane is more than 30 degrees off"
    if abs(across[2]) < least:
        nearest = ("sagittal", "coronal", "oblique")[int(np.argmax(np.abs(across)))]
        raise ScanError(f"{reason} ({nearest})", "rejected")
    if min(max(abs(vector[0]), abs(vector[1])) for vector in (right, down)) < least:
        raise ScanError("turned in its plane by more than 30 degrees: not as it is looked at", "rejected")
    x, y, z = (float(part) * np.sign(across[2]) / units[2] + 0.0 for part in across)
    return float(x), float(y), float(z)


def to_grey(plane: Plane, window: Window, limits: Limits) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """As radiologists look at it, through the window: the patient's right on the left, the back below.

    With the Hounsfield units that the greys were made of, same shape, for another window.
    Pixels that are not square become so by enlarging along their longer side, before the window.
    Raises ScanError where there is nothing to give an answer on.
    """
    upright = _upright(plane)
    values = upright.values
    lowest, highest = values.min(), values.max()  # either is no number where any value is none
    if not np.isfinite((lowest, highest)).all():
        raise ScanError("holds values that are no numbers")
    if lowest > AIR:
        raise ScanError(
            f"no air: nothing is below {AIR:.0f} HU, so this is no slice of a chest in Hounsfield units",
            "rejected",
        )
    if highest >= TOO_HIGH:
        raise ScanError(
            f"{_written(highest)} HU, where nothing comes to {TOO_HIGH:,.0f}: these are no Hounsfield units, "
            "or padding that the file does not tell of",
            "rejected",
        )
    if lowest < LOWEST:
        values = np.maximum(values, np.float32(LOWEST))
    square = _square(values, upright.spacing, limits)
    if min(square.shape) < MIN_SIDE:
        height, width = square.shape
        raise ScanError(f"image of {width}x{height} is too small for a CT slice", "rejected")
    pixels = window.grey(square)
    if pixels.min() == pixels.max():
        raise ScanError("blank image: every pixel has the same value", "rejected")
    return pixels, square


def _written(value: np.float32) -> str:
    return f"{value:,.0f}" if value < 1e9 else f"{value:.2g}"


def _upright(plane: Plane) -> Plane:
    """Transposed and flipped, so that it is seen from the feet with the back below."""
    turn = Turn.upright(plane.right, plane.down)
    if turn.transposed:
        plane = replace(plane, right=plane.down, down=plane.right, spacing=plane.spacing[::-1])
    return replace(plane, values=turn.apply(plane.values))


def _square(values: NDArray[np.float32], spacing: tuple[float, float], limits: Limits) -> NDArray[np.float32]:
    ratio = spacing[0] / spacing[1]
    if not 1 / MAX_ASPECT_RATIO <= ratio <= MAX_ASPECT_RATIO:
        raise ScanError(f"pixels {max(ratio, 1 / ratio):.1f} times as long as wide", "rejected")
    if abs(ratio - 1) <= SQUARE_TOLERANCE:
        return np.ascontiguousarray(values)
    height, width = values.shape
    wide, high = max(round(width / ratio), width), max(round(height * ratio), height)
    if wide * high > limits.pixels:
        raise ScanError(f"image of {wide:,}x{high:,} square pixels is over {limits.describe('pixels')}")
    return np.asarray(cv2.resize(np.ascontiguousarray(values), (wide, high)), np.float32)
