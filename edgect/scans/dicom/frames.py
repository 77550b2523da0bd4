"""A DICOM file's content to its frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import UID

from edgect.errors import ScanError
from edgect.scans.decoder_logs import silenced
from edgect.scans.dicom import dataset as elements
from edgect.scans.dicom.accept import check_object
from edgect.scans.dicom.geometry import FunctionalGroups, Geometry, geometry
from edgect.scans.dicom.pixels import Pixels
from edgect.scans.dicom.series_label import kernel, series_label
from edgect.scans.dicom.stored import Padding, Stored
from edgect.scans.frame import Frame, Origin
from edgect.scans.options import Limits, Window
from edgect.scans.plane import LOWEST, Plane, to_grey


def read_frames(content: bytes, name: str, limits: Limits, window: Window) -> Iterator[Frame]:
    """Decode a DICOM file's frames, in order and one at a time; never raises for bad content.

    Stored values become Hounsfield units by the file's rescale slope and intercept, what is below
    -1024 HU or said to be padding is taken to be -1024 HU, and the window makes greys of them. The
    file's own window is not used, and its photometric interpretation does not invert anything: it
    says how to display stored values, not what they mean.
    """
    origin: Origin | None = None
    try:
        with silenced:
            dataset, syntax = elements.read(content, limits)
            origin = _origin(dataset)
            check_object(dataset)
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
    frame_pixels = Pixels(dataset, syntax, limits)
    groups, padding = FunctionalGroups(dataset, frame_pixels.count), Padding.of(dataset)
    for index, decode in enumerate(frame_pixels):
        frame_origin, pixels, hounsfield, failure = origin, None, None, None
        try:
            with silenced:
                frame_geometry = geometry(groups, index, frame_pixels.count)
                frame_origin = replace(
                    origin,
                    position=frame_geometry.position,
                    normal=frame_geometry.normal,
                    kernel=kernel(groups.of(index, "CTReconstructionSequence")),
                )
                plane = _plane(decode(), frame_geometry, padding)
                pixels, hounsfield = to_grey(plane, window, limits)
        except ScanError as error:
            failure = error
        number = index if frame_pixels.count > 1 else None
        yield Frame(number, pixels, failure, frame_origin, hounsfield=hounsfield)


def _plane(stored: Stored, frame_geometry: Geometry, padding: Padding | None) -> Plane:
    slope, intercept = frame_geometry.slope, frame_geometry.intercept
    exact = slope.is_integer() and intercept.is_integer()
    exact = exact and abs(slope) * 2**stored.bits + abs(intercept) < 2**24  # whole numbers of float32
    hounsfield = np.multiply(stored.values, slope, dtype=np.float32 if exact else np.float64)
    hounsfield += intercept
    if padding is not None:
        hounsfield[padding.mask(stored)] = LOWEST
    return Plane(
        hounsfield.astype(np.float32, copy=False),
        frame_geometry.right,
        frame_geometry.down,
        frame_geometry.spacing,
    )


def _origin(dataset: Dataset) -> Origin:
    series, instance, study = (
        str(elements.value(dataset, keyword) or "")
        for keyword in ("SeriesInstanceUID", "SOPInstanceUID", "StudyInstanceUID")
    )
    label = series_label(dataset)
    return Origin(
        series,
        instance,
        study=study,
        series_number=label.number,
        series_description=label.description,
        kernel=label.kernel,
    )
