"""One slice of one file, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgect.errors import ScanError

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Origin:
    """Where a slice of a volume belongs, as its file tells it.

    series, instance: unique identifiers, of the series and of the file (DICOM UIDs as they are; a
    NIfTI file is its own series). position: in millimetres along the normal of the slices, None where
    the file does not say. normal: of the slice, towards the head, in the patient's coordinates of
    DICOM (x to the left, y to the back, z to the head); None where the file does not say. study: the
    UID of the DICOM study, empty where there is none. series_number, series_description, kernel: what
    the file calls its series, None or empty where it does not.
    """

    series: str
    instance: str
    position: float | None = None
    normal: Vector | None = None
    study: str = ""
    series_number: int | None = None
    series_description: str = ""
    kernel: str = ""


@dataclass(frozen=True)
class Frame:
    """pixels: uint8 `[height, width]`, 0 to 255, as displayed; None where `error` says why.

    index: number of the frame from 0, None in a file that holds a single one. origin: of slices of
    volumes, None for pictures. coloured: share of pixels that are clearly no grey, 0 to 1. hounsfield:
    float32 `[height, width]`, what `pixels` shows through a window; None for pictures.
    """

    index: int | None
    pixels: NDArray[np.uint8] | None
    error: ScanError | None = None
    origin: Origin | None = None
    coloured: float = 0.0
    hounsfield: NDArray[np.float32] | None = None
