"""NIfTI volumes of CT: one axial slice after another, in Hounsfield units."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from math import prod
from typing import Any

import cv2
import numpy as np
from nibabel.nifti1 import Nifti1Image
from nibabel.nifti2 import Nifti2Image
from nibabel.spatialimages import HeaderDataError
from numpy.typing import NDArray

from edgect.errors import ScanError
from edgect.scans.decoder_logs import silenced
from edgect.scans.frame import Frame, Origin, Vector
from edgect.scans.options import Limits, Window
from edgect.scans.plane import AIR, LOWEST, Plane, normal, to_grey

MILLIMETRES = {1: 1000.0, 2: 1.0, 3: 0.001}  # by the unit's code; of an unknown one, 1

_INFLATE_STEP = 2**20  # bytes inflated at a time


def read_frames(content: bytes, name: str, limits: Limits, window: Window) -> Iterator[Frame]:
    """Decode a volume's slices in the order of the file, one at a time; never raises for bad content.

    Values, scaled as the header says, are taken to be Hounsfield units: a NIfTI file does not say what
    they are. A slice in which nothing is as low as air is rejected. NaN or minus infinity that reaches the
    edge of a slice is padding, as programs write it outside the body, and taken to be -1024 HU; within, it
    is damage. The affine says which axis runs along the patient and how slices are turned to be looked at.
    name: the volume's series.
    """
    origin = Origin(name, name)
    try:
        with silenced:
            volume = _Volume(_inflated(content, limits), limits)
    except ScanError as error:
        yield Frame(None, None, error, origin)
        return
    except Exception as error:  # parsers raise whatever they meet
        description = str(error) if isinstance(error, HeaderDataError) else type(error).__name__
        reason = f"damaged: no NIfTI header can be read ({description})"
        yield Frame(None, None, ScanError(reason), origin)
        return
    for index in range(volume.count):
        slice_origin = Origin(name, name, volume.position(index), volume.normal)
        pixels, hounsfield, failure = None, None, None
        try:
            with silenced:
                pixels, hounsfield = to_grey(volume.plane(index), window, limits)
        except ScanError as error:
            failure = error
        except Exception:
            failure = ScanError("truncated or damaged: its values cannot be read")
        number = index if volume.count > 1 else None
        yield Frame(number, pixels, failure, slice_origin, hounsfield=hounsfield)


class _Volume:
    """Raises ScanError where a file holds no volume of slices whose orientation is known."""

    def __init__(self, content: bytes, limits: Limits) -> None:
        image = _image(content)
        header: Any = image.header
        shape = tuple(int(length) for length in image.shape)
        while len(shape) > 3 and shape[-1] == 1:
            shape = shape[:-1]
        if len(shape) != 3 or not all(shape):
            raise ScanError(f"{len(shape)} dimensions where a volume has 3", "rejected")
        if header.get_data_dtype().kind not in "iuf":
            raise ScanError("colours or complex numbers: no CT in Hounsfield units", "rejected")
        affine = np.asarray(image.affine, float)
        if not int(header["sform_code"]) and not int(header["qform_code"]):
            raise ScanError(
                "nothing says how it lies in the patient (sform and qform codes are 0)", "rejected"
            )
        scale = MILLIMETRES.get(int(header["xyzt_units"]) & 7, 1.0)
        # NIfTI's axes run to the right, the front and the head
        columns = affine[:3, :3] * np.array([[-1.0], [-1.0], [1.0]]) * scale
        voxel_sizes = np.linalg.norm(columns, axis=0)
        if not np.isfinite(affine).all() or not voxel_sizes.all():
            raise ScanError("damaged: its affine is not finite, or has an axis of length 0")
        self._data, self._extra_axes = image.dataobj, len(image.shape) - 3
        self._slice_axis = int(np.argmax(np.abs(columns[2] / voxel_sizes)))
        self._row_axis, self._column_axis = (axis for axis in range(3) if axis != self._slice_axis)
        self.count = shape[self._slice_axis]
        self._check(shape, limits)
        self._directions = [_vector(columns[:, axis] / voxel_sizes[axis]) for axis in range(3)]
        self._spacing = (float(voxel_sizes[self._row_axis]), float(voxel_sizes[self._column_axis]))
        self.normal = normal(self._directions[self._column_axis], self._directions[self._row_axis])
        corner = affine[:3, 3] * np.array([-1.0, -1.0, 1.0]) * scale
        self._first_position = float(np.dot(corner, self.normal))
        self._position_step = float(np.dot(columns[:, self._slice_axis], self.normal))

    def _check(self, shape: tuple[int, ...], limits: Limits) -> None:
        if self.count > limits.frames:
            raise ScanError(f"{self.count:,} slices are over {limits.describe('frames')}")
        height, width = shape[self._row_axis], shape[self._column_axis]
        if height * width > limits.pixels:
            raise ScanError(f"image of {width:,}x{height:,} is over {limits.describe('pixels')}")

    def position(self, index: int) -> float:
        return round(self._first_position + index * self._position_step, 4)

    def plane(self, index: int) -> Plane:
        indices: list[Any] = [slice(None)] * 3 + [0] * self._extra_axes
        indices[self._slice_axis] = index
        values: NDArray[np.float32] = np.asarray(self._data[tuple(indices)], np.float32)
        return Plane(
            _with_padding_as_air(values),
            self._directions[self._column_axis],
            self._directions[self._row_axis],
            self._spacing,
        )


def _with_padding_as_air(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Padding as what is outside the field of view, unless the rest holds no air: none is to be made up."""
    empty = np.isnan(values) | np.isneginf(values)
    if not empty.any():
        return values
    enclosed = np.pad(empty, 1, constant_values=True).astype(np.uint8, order="C")
    cv2.floodFill(enclosed, None, (0, 0), 0)
    if enclosed.any():
        raise ScanError("holds values that are no numbers, and do not lie round the body as padding does")
    lowest = float(np.min(values, where=~empty, initial=np.inf))
    return np.where(empty, np.float32(LOWEST if lowest <= AIR or empty.all() else lowest), values)


def _image(content: bytes) -> Nifti1Image:
    image_class = Nifti2Image if content[4:8] == b"n+2\0" else Nifti1Image
    image: Nifti1Image = image_class.from_bytes(content)
    header_class: Any = image_class.header_class
    header = header_class.from_fileobj(io.BytesIO(content))  # the image's own forgets what it used
    start = int(header.get_data_offset())
    if start < int(header["sizeof_hdr"]):
        raise ScanError("damaged: its values are said to begin within its header (vox_offset)")
    if np.isinf(header["scl_slope"]):
        raise ScanError("damaged: its values are scaled by infinity (scl_slope)")
    needed = start + prod(map(int, image.shape)) * header.get_data_dtype().itemsize
    if len(content) < needed:
        raise ScanError("truncated: the file ends before its values do")
    return image


def _inflated(content: bytes, limits: Limits) -> bytes:
    if content[:2] != b"\x1f\x8b":
        return content
    inflated = bytearray()
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            while block := file.read1(_INFLATE_STEP):
                inflated += block
                if len(inflated) > limits.bytes:
                    raise ScanError(f"file is, inflated, over {limits.describe('bytes')}")
    except (OSError, EOFError, zlib.error) as error:
        if not inflated or not str(error).startswith("Not a gzipped file"):  # but what follows one
            raise ScanError("truncated or damaged: it cannot be inflated") from None
    return bytes(inflated)


def _vector(components: NDArray[np.floating]) -> Vector:
    x, y, z = (float(block) for block in components)
    return x, y, z
