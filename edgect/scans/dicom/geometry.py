"""What a file says of each frame: rescale, orientation, position, spacing, type."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import cast

from pydicom.dataset import Dataset

from edgect.errors import ScanError
from edgect.scans.dicom.accept import ENHANCED, check_image_type, code
from edgect.scans.dicom.dataset import number, numbers, value
from edgect.scans.frame import Vector
from edgect.scans.plane import normal

# "US" is "unspecified", which GDCM writes of all CT: whether there is air tells what it is
HOUNSFIELD_TYPES = ("", "HU", "US", "UNSPECIFIED")
OTHER_UNITS = {  # PS3.3, C.11.1.1.2
    "OD": "optical density",
    "MGML": "milligrams a millilitre",
    "Z_EFF": "effective atomic number",
    "ED": "electron density",
    "EDW": "electron density",
    "HU_MOD": "modified Hounsfield units",
    "PCT": "per cent",
}


@dataclass(frozen=True)
class Geometry:
    """slope, intercept: from stored values to Hounsfield units. Vectors and spacing as in `Plane`."""

    slope: float
    intercept: float
    right: Vector
    down: Vector
    normal: Vector
    position: float | None
    spacing: tuple[float, float]


class FunctionalGroups:
    """Where the attributes of each frame stand: its functional groups, the shared ones, or the data set.

    Raises ScanError where a file of several frames has not as many functional groups.
    """

    def __init__(self, dataset: Dataset, count: int) -> None:
        self._dataset = dataset
        self.enhanced = value(dataset, "SOPClassUID") in ENHANCED
        self._shared = list(value(dataset, "SharedFunctionalGroupsSequence") or ())[:1]
        self._per_frame = list(value(dataset, "PerFrameFunctionalGroupsSequence") or ())
        if self.enhanced and len(self._per_frame) != count:
            raise ScanError(
                f"damaged: NumberOfFrames is {count:,}, but there are attributes for {len(self._per_frame):,}"
            )

    def of(self, index: int, sequence: str) -> Dataset:
        """The item of `sequence` that holds for the frame; empty where there is none."""
        if not self.enhanced:
            return self._dataset
        for group in (self._per_frame[index], *self._shared):
            for item in value(group, sequence) or ():
                return cast(Dataset, item)
        return Dataset()


def position_of(groups: FunctionalGroups, index: int, across: Vector, count: int) -> float | None:
    """Millimetres along the normal; of a file of several frames only where each has its own."""
    if count > 1 and not groups.enhanced:
        return None
    corner = numbers(groups.of(index, "PlanePositionSequence"), "ImagePositionPatient", 3)
    if corner is None or not all(map(isfinite, corner)):
        return None
    return round(sum(a * b for a, b in zip(corner, across, strict=True)), 4)


def geometry(groups: FunctionalGroups, index: int, count: int) -> Geometry:
    """Raises ScanError where a frame is no axial slice, or it is not told how it becomes one."""
    if groups.enhanced:
        check_image_type(groups.of(index, "CTImageFrameTypeSequence"), "FrameType")
    orientation = numbers(groups.of(index, "PlaneOrientationSequence"), "ImageOrientationPatient", 6)
    if orientation is None:
        raise ScanError("no ImageOrientationPatient: nothing says that this is axial", "rejected")
    right, down = cast(Vector, orientation[:3]), cast(Vector, orientation[3:])
    across = normal(right, down)
    slope, intercept = _rescale(groups.of(index, "PixelValueTransformationSequence"))
    position = position_of(groups, index, across, count)
    spacing = _spacing(groups.of(index, "PixelMeasuresSequence"))
    return Geometry(slope, intercept, right, down, across, position, spacing)


def _rescale(group: Dataset) -> tuple[float, float]:
    slope, intercept = number(group, "RescaleSlope"), number(group, "RescaleIntercept")
    if slope is None or intercept is None:
        missing = "RescaleSlope" if slope is None else "RescaleIntercept"
        raise ScanError(f"no {missing}: stored values cannot be told in Hounsfield units", "rejected")
    if not slope or not isfinite(slope) or not isfinite(intercept):
        raise ScanError("rescale slope and intercept give no Hounsfield units", "rejected")
    if (unit := code(value(group, "RescaleType"))) not in HOUNSFIELD_TYPES:
        unit_name = f"{unit} ({OTHER_UNITS[unit]})" if unit in OTHER_UNITS else unit
        raise ScanError(f"not in Hounsfield units: RescaleType is {unit_name}", "rejected")
    return slope, intercept


def _spacing(group: Dataset) -> tuple[float, float]:
    spacing = numbers(group, "PixelSpacing", 2) or numbers(group, "PixelAspectRatio", 2) or (1.0, 1.0)
    if not all(isfinite(side) and side > 0 for side in spacing):
        raise ScanError("damaged: its PixelSpacing is not two positive numbers")
    return spacing[0], spacing[1]
