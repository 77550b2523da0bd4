"""Where the pixels of a slice, as it is looked at, lie in its stored image and in the patient."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from edgect.scans import Limits
from edgect.scans.dicom import dataset as elements
from edgect.scans.dicom.geometry import FunctionalGroups, geometry
from edgect.scans.frame import Vector
from edgect.scans.plane import Turn

Points = NDArray[np.float64]


@dataclass(frozen=True)
class SliceGeometry:
    """shape: `[height, width]` of the slice as it is looked at. rows, columns: of the stored image.

    right, down: as in `edgect.scans.plane.Plane`. corner: the centre of the first stored pixel in the
    patient's coordinates, in millimetres, None where the file does not say. spacing: millimetres from row
    to row and from column to column, None likewise.
    """

    shape: tuple[int, int]
    rows: int
    columns: int
    right: Vector
    down: Vector
    corner: Vector | None
    spacing: tuple[float, float] | None

    @classmethod
    def read(cls, path: Path, frame: int | None, shape: tuple[int, int], limits: Limits) -> SliceGeometry:
        """Of a DICOM file that was classified. frame: from 0. Raises ScanError, OSError."""
        dataset, _ = elements.read(path.read_bytes(), limits)
        count, index = int(elements.number(dataset, "NumberOfFrames") or 1), frame or 0
        groups = FunctionalGroups(dataset, count)
        of_frame = geometry(groups, index, count)
        position = groups.of(index, "PlanePositionSequence")
        corner = (
            elements.numbers(position, "ImagePositionPatient", 3) if of_frame.position is not None else None
        )
        spacing = elements.numbers(groups.of(index, "PixelMeasuresSequence"), "PixelSpacing", 2)
        return cls(
            shape,
            int(dataset.Rows),
            int(dataset.Columns),
            of_frame.right,
            of_frame.down,
            cast("Vector | None", corner),
            cast("tuple[float, float] | None", spacing),
        )

    def to_stored(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Values of the pixels as they are looked at, `[height, width]`, as `[rows, columns]`."""
        height, width = self._turned_shape
        resized = cv2.resize(values, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.ascontiguousarray(self._turn.undo(np.asarray(resized, np.float32)))

    def stored_points(self, points: Points) -> Points:
        """Points `[n, 2]` of x and y as columns and rows of the stored image (DICOM PS3.3, C.18.6.1.1).

        Both are in pixels from the upper left corner of the first pixel.
        """
        height, width = self._turned_shape
        x = points[:, 0] * (width / self.shape[1])
        y = points[:, 1] * (height / self.shape[0])
        x = width - x if self._turn.mirrored else x
        y = height - y if self._turn.upturned else y
        column, row = (y, x) if self._turn.transposed else (x, y)
        return np.stack([column.clip(0, self.columns), row.clip(0, self.rows)], axis=1)

    def patient_points(self, points: Points) -> Points | None:
        """The same points in the patient, `[n, 3]` in millimetres; None where the file does not say."""
        if self.corner is None or self.spacing is None:
            return None
        centres = self.stored_points(points) - 0.5  # from the centre of the first pixel
        along_row = centres[:, :1] * self.spacing[1] * np.asarray(self.right)
        along_column = centres[:, 1:] * self.spacing[0] * np.asarray(self.down)
        return np.asarray(np.asarray(self.corner) + along_row + along_column, np.float64)

    @property
    def _turn(self) -> Turn:
        return Turn.upright(self.right, self.down)

    @property
    def _turned_shape(self) -> tuple[int, int]:
        """Of the stored image, turned."""
        shape = (self.rows, self.columns)
        return shape[::-1] if self._turn.transposed else shape
