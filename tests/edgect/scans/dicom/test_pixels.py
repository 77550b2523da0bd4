"""How many frames and bits there are: what cannot be is refused, what may be left out is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydicom import uid
from pydicom.dataset import Dataset

from edgect.scans import Frame, Limits, Window, read_frames
from tests.edgect.scans.dicom_files import ct, enhanced, hounsfield, write


def only(dataset: Dataset, **options: Any) -> Frame:
    (frame,) = read_frames(write(dataset), **options)
    return frame


def error_of(dataset: Dataset, **options: Any) -> str:
    frame = only(dataset, **options)
    assert frame.error is not None
    assert frame.error.status == "error"
    return str(frame.error)


@pytest.mark.parametrize("bits", [12, 16])
def test_the_highest_bit_is_the_last_of_those_stored_unless_it_is_told(bits: int) -> None:
    frame = only(ct(BitsStored=bits, HighBit=None))
    np.testing.assert_array_equal(frame.pixels, Window().grey(hounsfield()))


@pytest.mark.parametrize(
    "changes",
    [{"BitsStored": 12, "HighBit": 16}, {"PixelRepresentation": 2}, {"PixelRepresentation": None}],
)
def test_a_bit_beyond_those_allocated_or_a_sign_of_no_kind_is_an_error(changes: dict[str, Any]) -> None:
    assert error_of(ct(**changes)) == "damaged: its HighBit or PixelRepresentation is not valid"


@pytest.mark.parametrize("high_bit", [10, 11])
def test_values_do_not_begin_below_the_lowest_bit(high_bit: int) -> None:
    dataset = ct(BitsStored=12, HighBit=high_bit)
    if high_bit == 11:
        np.testing.assert_array_equal(only(dataset).pixels, Window().grey(hounsfield()))
    else:
        assert error_of(dataset) == "damaged: 12 bits stored in 16 are impossible"


@pytest.mark.parametrize("keyword", ["Rows", "Columns", "BitsAllocated", "BitsStored"])
def test_a_number_of_nothing_is_an_error(keyword: str) -> None:
    assert error_of(ct(**{keyword: 0})) == f"damaged: its {keyword} is not a valid number"


def test_the_limits_themselves_are_not_over_them() -> None:
    size = hounsfield().size
    assert only(ct(), limits=Limits(pixels=size, frames=1)).error is None
    assert "over the limit" in error_of(ct(), limits=Limits(pixels=size - 1))
    volume = enhanced([hounsfield(), hounsfield(1)])
    assert len(list(read_frames(write(volume), limits=Limits(frames=2)))) == 2
    assert "2 frames are over the limit" in error_of(volume, limits=Limits(frames=1))


@pytest.mark.parametrize(("excess", "fine"), [(96 * 112 * 2 - 2, True), (96 * 112 * 2, False)])
def test_zeros_that_would_be_a_whole_frame_are_more_than_padding(excess: int, fine: bool) -> None:
    dataset = ct()
    dataset.PixelData += bytes(excess)
    if fine:
        np.testing.assert_array_equal(only(dataset).pixels, Window().grey(hounsfield()))
    else:
        assert "damaged: 43,008 bytes of pixel data, where 112x96, 1 times, makes 21,504" in error_of(dataset)


@pytest.mark.parametrize(("excess", "fine"), [(111, True), (112, False)])
def test_half_a_row_of_values_is_more_than_padding(excess: int, fine: bool) -> None:
    dataset = ct()
    dataset.PixelData += b"\x7f" * excess + bytes(excess % 2)
    assert (only(dataset).error is None) == fine


@pytest.mark.parametrize("representation", ["OW", "OB"])
def test_bytes_of_words_in_big_endian_are_swapped(representation: str) -> None:
    stored = (hounsfield().astype(int) // 8 + 128).clip(0, 255).astype(np.uint8)
    changes = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "RescaleSlope": 8}
    expected = only(ct(PixelData=stored.tobytes(), **changes))
    words = stored.reshape(-1, 2)[:, ::-1] if representation == "OW" else stored
    dataset = ct(PixelData=words.tobytes(), **changes)
    dataset["PixelData"].VR = representation
    (frame,) = read_frames(write(dataset, uid.ExplicitVRBigEndian))
    assert frame.error is None
    np.testing.assert_array_equal(frame.pixels, expected.pixels)
