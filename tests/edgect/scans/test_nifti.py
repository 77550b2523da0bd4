from __future__ import annotations

import gzip

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray

from edgect.scans import Limits, Window, read_frames
from tests.edgect.scans.dicom_files import hounsfield

SLICES = [hounsfield(seed) for seed in range(3)]
# array axes: slice, row, column; in NIfTI's directions (right, front, head) rows and columns run backwards
AFFINE = np.array([[0, 0, -0.7, 0], [0, -0.7, 0, 0], [2.0, 0, 0, -30], [0, 0, 0, 1]])


def volume(data: NDArray[np.generic] | None = None, affine: NDArray[np.floating] = AFFINE) -> bytes:
    image = nibabel.Nifti1Image(np.stack(SLICES) if data is None else data, affine)
    return bytes(image.to_bytes())


@pytest.mark.parametrize("packed", [False, True])
def test_slices_come_as_they_are_looked_at(packed: bool) -> None:
    content = gzip.compress(volume()) if packed else volume()
    frames = list(read_frames(content, "a.nii.gz" if packed else "a.nii"))
    assert [frame.index for frame in frames] == [0, 1, 2]
    for frame, values in zip(frames, SLICES, strict=True):
        np.testing.assert_array_equal(frame.pixels, Window().grey(values))
    assert [frame.origin and frame.origin.position for frame in frames] == [-30, -28, -26]


def test_other_axes_are_brought_to_the_same_slices() -> None:
    turned = np.stack(SLICES).transpose(2, 1, 0)[::-1, ::-1]  # column, row, slice: right, front, head
    frames = list(read_frames(volume(turned, np.diag([0.7, 0.7, 2, 1])), "a.nii"))
    for frame, values in zip(frames, SLICES, strict=True):
        np.testing.assert_array_equal(frame.pixels, Window().grey(values))


@pytest.mark.parametrize(
    ("data", "reason"),
    [(np.ones((40, 50, 2, 3), np.int16), "dimensions"), (np.ones((2, 40, 50), np.int16), "no air")],
)
def test_what_is_no_ct_volume_is_rejected(data: NDArray[np.generic], reason: str) -> None:
    error = next(read_frames(volume(data), "a.nii")).error
    assert error is not None
    assert error.status == "rejected"
    assert reason in str(error)


def test_cut_short_and_bombs_are_errors() -> None:
    for content in (volume()[:-100], gzip.compress(volume())[:-50]):
        error = next(read_frames(content, "a.nii.gz")).error
        assert error is not None
        assert error.status == "error"
    bomb = gzip.compress(bytes(5_000_000))
    assert "over the limit" in str(next(read_frames(bomb, "a.nii.gz", Limits(bytes=1_000_000))).error)
