from __future__ import annotations

import gzip
import struct

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


OUTSIDE = np.hypot(*np.ogrid[-1 : 1 : SLICES[0].shape[0] * 1j, -1 : 1 : SLICES[0].shape[1] * 1j]) > 1


def padded(value: float) -> NDArray[np.float32]:
    data = np.stack(SLICES).astype(np.float32)
    data[:, OUTSIDE] = value
    return data


@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_no_numbers_round_the_body_are_padding(value: float) -> None:
    for frame, known in zip(
        read_frames(volume(padded(value)), "a.nii"), read_frames(volume(padded(-1024)), "a.nii"), strict=True
    ):
        assert frame.error is None
        np.testing.assert_array_equal(frame.pixels, known.pixels)


def test_a_slice_of_nothing_but_padding_is_rejected() -> None:
    data = padded(np.nan)
    data[1] = np.nan
    errors = [frame.error for frame in read_frames(volume(data), "a.nii")]
    assert [error and error.status for error in errors] == [None, "rejected", None]
    assert "blank" in str(errors[1])


@pytest.mark.parametrize("value", [np.nan, -np.inf, np.inf])
def test_no_number_within_the_body_is_damage(value: float) -> None:
    data = padded(np.nan)
    height, width = data.shape[1:]
    data[1, height // 2, width // 2] = value
    errors = [frame.error for frame in read_frames(volume(data), "a.nii")]
    assert [error and error.status for error in errors] == [None, "error", None]
    assert "no numbers" in str(errors[1])


def test_padding_is_no_air() -> None:
    data = (
        np.abs(padded(np.nan)) / 1000
    )  # as magnetic resonance scaled to 1, outside whose mask nothing is known
    for frame in read_frames(volume(data), "a.nii"):
        assert frame.error is not None
        assert frame.error.status == "rejected"
        assert "no air" in str(frame.error)


def changed(offset: int, form: str, *values: float) -> bytes:
    content = bytearray(volume())
    struct.pack_into(form, content, offset, *values)
    return bytes(content)


def test_a_scale_that_is_none_leaves_values_as_they_are() -> None:
    for slope in (0.0, np.nan):
        frames = read_frames(changed(112, "<f", slope), "a.nii")
        for frame, values in zip(frames, SLICES, strict=True):
            np.testing.assert_array_equal(frame.pixels, Window().grey(values))


@pytest.mark.parametrize(
    ("offset", "form", "value", "reason"),
    [(112, "<f", np.inf, "scl_slope"), (108, "<f", 0, "vox_offset"), (70, "<h", 9999, "data code 9999")],
)
def test_a_header_that_misleads_is_an_error(offset: int, form: str, value: float, reason: str) -> None:
    (frame,) = read_frames(changed(offset, form, value), "a.nii")
    assert frame.error is not None
    assert frame.error.status == "error"
    assert reason in str(frame.error)


def test_a_unit_that_is_none_is_a_millimetre() -> None:
    frames = list(read_frames(changed(123, "<B", 5), "a.nii"))
    assert [frame.origin and frame.origin.position for frame in frames] == [-30, -28, -26]


@pytest.mark.parametrize("missing", [1, 100, 300])
def test_a_volume_that_lacks_any_value_is_an_error(missing: int) -> None:
    (frame,) = read_frames(volume()[:-missing], "a.nii")
    assert frame.error is not None
    assert "truncated" in str(frame.error)


@pytest.mark.parametrize("name", ["a.nii.gz", "a.nii"])
def test_what_follows_compressed_data_does_not_matter(name: str) -> None:
    half = len(volume()) // 2
    content = gzip.compress(volume()[:half]) + gzip.compress(volume()[half:]) + b"and more"
    assert [frame.error for frame in read_frames(content, name)] == [None] * 3
    damaged = bytearray(content)
    damaged[-20] ^= 1  # of the checksum
    assert "inflated" in str(next(read_frames(bytes(damaged[:-8]), name)).error)
