"""Padding by its bits, and values that no Hounsfield units can be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import uid
from pydicom.dataset import Dataset

from edgect.scans import Frame, Window, read_frames
from tests.edgect.scans.dicom_files import Values, ct, encoded, hounsfield, write

CORNER = np.s_[:20, :20]


def padded(values: Values) -> Values:
    """What it should look like, with air in the corner."""
    expected = values.copy()
    expected[CORNER] = -1024
    return expected


def with_corner(
    bits: int, vr: str, padding: int, signed: bool = False, intercept: int = -1024, **changes: Any
) -> Dataset:
    """A slice whose corner holds these sixteen bits, and whose padding is stated with this VR."""
    dataset = ct(hounsfield(), intercept, signed, **changes)
    stored = np.frombuffer(dataset.PixelData, np.uint16).reshape(hounsfield().shape).copy()
    stored[CORNER] = bits
    dataset.PixelData = stored.tobytes()
    dataset.add_new("PixelPaddingValue", vr, padding)
    return dataset


def check(frame: Frame) -> None:
    assert frame.error is None
    np.testing.assert_array_equal(frame.pixels, Window().grey(padded(hounsfield())))


@given(padding=st.integers(-(2**15), -3072))
def test_signed_padding_of_unsigned_pixels(padding: int) -> None:
    (frame,) = read_frames(write(with_corner(padding % 2**16, "SS", padding)))
    check(frame)


@given(intercept=st.integers(2600, 30_000))
def test_unsigned_padding_of_signed_pixels(intercept: int) -> None:
    """With an intercept so high that the padding would be 2,500 HU."""
    padding = (2500 - intercept) % 2**16
    (frame,) = read_frames(write(with_corner(padding, "US", padding, True, intercept)))
    check(frame)


def test_a_range_of_padding_of_another_sign() -> None:
    dataset = with_corner(2**16 - 2000, "SS", -2010)
    dataset.add_new("PixelPaddingRangeLimit", "SS", -1990)
    (frame,) = read_frames(write(dataset))
    check(frame)


def test_a_range_that_ends_on_either_side_of_zero_is_no_more_than_it() -> None:
    dataset = with_corner(2**16 - 2, "SS", -5)
    dataset.add_new("PixelPaddingRangeLimit", "SS", 0)
    (frame,) = read_frames(write(dataset))
    check(frame)


def test_padding_that_the_bits_stored_cannot_hold() -> None:
    (frame,) = read_frames(write(with_corner(63536, "SS", -2000, BitsStored=12, HighBit=11)))
    check(frame)


@pytest.mark.parametrize(("rows", "surround"), [(20, True), (1, False)])
def test_padding_that_was_cut_to_the_bits_stored(rows: int, surround: bool) -> None:
    """It fills a surround: a few pixels of bone may have the same bits."""
    truncated_padding = 63536 % 2**12
    dataset = ct(hounsfield(), BitsStored=12, HighBit=11)
    stored = np.frombuffer(dataset.PixelData, np.uint16).reshape(hounsfield().shape).copy()
    stored[:rows] = truncated_padding
    dataset.PixelData = stored.tobytes()
    dataset.add_new("PixelPaddingValue", "US", 63536)
    values = hounsfield()
    values[:rows] = -1024 if surround else truncated_padding - 1024
    (frame,) = read_frames(write(dataset))
    np.testing.assert_array_equal(frame.pixels, Window().grey(values))


def test_padding_that_eight_bits_cannot_hold_is_nowhere() -> None:
    stored = (hounsfield() // 8 + 128).clip(0, 255).astype(np.uint8)
    changes = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "RescaleSlope": 8}
    plain = ct(PixelData=stored.tobytes(), **changes)
    (expected,) = read_frames(write(plain))
    plain.add_new("PixelPaddingValue", "SS", -2000)
    (frame,) = read_frames(write(plain))
    assert expected.pixels is not None
    np.testing.assert_array_equal(frame.pixels, expected.pixels)


@pytest.mark.parametrize("syntax", [uid.RLELossless, uid.JPEGLosslessSV1, uid.JPEG2000Lossless])
def test_padding_of_compressed_pixels(syntax: uid.UID) -> None:
    (frame,) = read_frames(encoded(write(with_corner(63536, "SS", -2000)), syntax))
    check(frame)


def test_without_a_word_of_padding_its_value_is_no_hounsfield_unit() -> None:
    dataset = with_corner(63536, "SS", -2000)
    del dataset.PixelPaddingValue
    (frame,) = read_frames(write(dataset))
    assert frame.error is not None
    assert frame.error.status == "rejected"
    assert str(frame.error).startswith("62,512 HU, where nothing comes to 32,767")


def test_metal_on_an_extended_scale_is_answered() -> None:
    values = hounsfield().astype(np.int32)
    values[40, 40] = 30_710
    (frame,) = read_frames(write(ct(values.astype(np.int16))))
    assert frame.error is None


def test_what_sixteen_bits_are_filled_with_is_no_hounsfield_unit() -> None:
    values = hounsfield()
    values[CORNER] = 2**15 - 1
    (frame,) = read_frames(write(ct(values, 0, True)))
    assert str(frame.error).startswith("32,767 HU")


def test_padding_is_the_stored_value_whatever_the_other_bits_hold() -> None:
    """As overlays did, in the bits above."""
    dataset = with_corner(4095 | 0x8000, "US", 4095, BitsStored=12, HighBit=11)
    (frame,) = read_frames(write(dataset))
    check(frame)
    dataset = with_corner(-2000 % 2**12, "SS", -2000, True, 3000, BitsStored=12, HighBit=11)
    stored = np.frombuffer(dataset.PixelData, np.uint16) % 2**12  # without the sign extended
    dataset.PixelData = stored.tobytes()
    values = hounsfield().astype(int)
    (frame,) = read_frames(write(dataset))
    shown = np.where(values - 3000 < -2048, values + 4096, values)
    shown[CORNER] = -1024
    assert frame.pixels is not None
    np.testing.assert_array_equal(frame.pixels[CORNER], Window().grey(shown)[CORNER])


@pytest.mark.parametrize("surround", [-1025, -2000, -3024, -32768])
def test_however_low_the_surround_is_it_is_air(surround: int) -> None:
    values = hounsfield()
    values[CORNER] = surround
    (frame,) = read_frames(write(ct(values, 0, True)))
    check(frame)
