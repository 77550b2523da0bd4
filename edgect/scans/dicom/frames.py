"""A DICOM file's content to its frames."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import UID

from edgect.errors import ScanError
from edgect.scans.dicom import dataset as elements
from edgect.scans.dicom.accept import check_kind
from edgect.scans.dicom.geometry import Geometry, Groups, geometry
from edgect.scans.dicom.padding import Padding
from edgect.scans.dicom.pixels import Pixels
from edgect.scans.dicom.stored import Stored
from edgect.scans.frame import Frame, Origin
from edgect.scans.hounsfield import Window
from edgect.scans.limits import Limits
from edgect.scans.plane import LOWEST, Plane, to_grey
from edgect.scans.quiet import quiet


def read_frames(content: bytes, limits: Limits, window: Window) -> Iterator[Frame]:
    """Decode a DICOM file's frames, in order and one at a time; never raises for bad content.

    Stored values become Hounsfield units by the file's rescale slope and intercept, what is below
    -1024 HU or said to be padding is taken to be -1024 HU, and the window makes greys of them. The
    file's own window is not used, and its photometric interpretation does not invert anything: it
    says how to display stored values, not what they mean.
    """
    origin: Origin | None = None
    try:
        with quiet:
            dataset, syntax = elements.read(content, limits)
            origin = _origin(dataset)
            check_kind(dataset)
            frames = _frames(dataset, syntax, origin, limits, window)
            first = next(frames)
    except ScanError as error:
        yield Frame(None, None, error, origin)
        return
    except Exception as error:  # whose message may quote what the file holds
        reason = f"damaged: no DICOM data set can be read ({type(error).__name__})"
        yield Frame(None, None, ScanError(reason), origin)
        return
    yield first
    yield from frames


def _frames(
    dataset: Dataset, syntax: UID | None, origin: Origin, limits: Limits, window: Window
) -> Iterator[Frame]:
    pixels = Pixels(dataset, syntax, limits)
    groups, padding = Groups(dataset, pixels.count), Padding.of(dataset)
    for index, decode in enumerate(pixels):
        here, grey, why = origin, None, None
        try:
            with quiet:
                found = geometry(groups, index, pixels.count)
                here = Origin(origin.series, origin.instance, found.position, found.normal)
                grey = to_grey(_plane(decode(), found, padding), window, limits)
        except ScanError as error:
            why = error
        yield Frame(index if pixels.count > 1 else None, grey, why, here)


def _plane(stored: Stored, found: Geometry, padding: Padding | None) -> Plane:
    hounsfield = np.multiply(stored.values, found.slope, dtype=np.float64)
    hounsfield += found.intercept
    if padding is not None:
        hounsfield[padding.among(stored)] = LOWEST
    return Plane(hounsfield.astype(np.float32), found.right, found.down, found.spacing)


def _origin(dataset: Dataset) -> Origin:
    series, instance = (
        str(elements.value(dataset, keyword) or "") for keyword in ("SeriesInstanceUID", "SOPInstanceUID")
    )
    return Origin(series, instance)
