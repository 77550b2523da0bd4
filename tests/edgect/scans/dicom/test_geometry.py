"""Orientation, position, spacing and rescale: which of them holds, and what is done without."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from edgect.scans import Frame, Window, read_frames
from tests.edgect.scans.dicom_files import ct, enhanced, hounsfield, write

pytestmark = pytest.mark.filterwarnings("ignore:Invalid value for VR DS")


def only(dataset: Dataset) -> Frame:
    (frame,) = read_frames(write(dataset))
    return frame


def position(frame: Frame) -> float | None:
    assert frame.error is None
    assert frame.origin is not None
    return frame.origin.position


def replaced(old: bytes, new: bytes, **changes: Any) -> Frame:
    """The slice in whose file a number is written otherwise, by as many bytes."""
    content = write(ct(**changes))
    assert content.count(old) == 1
    (frame,) = read_frames(content.replace(old, new.ljust(len(old))))
    return frame


def test_a_slice_without_a_position_is_answered_all_the_same() -> None:
    frame = only(ct(ImagePositionPatient=None))
    assert position(frame) is None
    np.testing.assert_array_equal(frame.pixels, Window().grey(hounsfield()))


@pytest.mark.parametrize("number", [b"nan", b"inf", b"-1e999"])
def test_a_position_that_is_no_number_is_none(number: bytes) -> None:
    assert position(replaced(b"123.25", number, ImagePositionPatient=[0, 0, 123.25])) is None


def test_frames_that_share_one_position_have_none_of_their_own() -> None:
    two = ct(NumberOfFrames=2)
    two.PixelData *= 2
    assert [position(frame) for frame in read_frames(write(two))] == [None, None]
    assert position(only(ct(NumberOfFrames=1, ImagePositionPatient=[0, 0, 5]))) == 5


def test_positions_differ_by_a_ten_thousandth_of_a_millimetre() -> None:
    assert position(only(ct(ImagePositionPatient=[0, 0, 0.12344]))) == 0.1234
    tilted = [1, 0, 0, 0, 0.96, 0.28]
    assert position(only(ct(ImageOrientationPatient=tilted, ImagePositionPatient=[9, 10, 100]))) == 93.2


@pytest.mark.parametrize("keyword", ["RescaleSlope", "RescaleIntercept"])
@pytest.mark.parametrize("number", [b"nan", b"inf"])
def test_a_rescale_that_is_no_number_gives_no_hounsfield_units(keyword: str, number: bytes) -> None:
    frame = replaced(b"-1000.25", number, **{keyword: -1000.25})
    assert frame.error is not None
    assert (frame.error.status, str(frame.error)) == (
        "rejected",
        "rescale slope and intercept give no Hounsfield units",
    )


@pytest.mark.parametrize("spacing", [[0.7, 0], [0, 0.7], [-0.7, -0.7]])
def test_a_spacing_that_is_not_positive_is_an_error(spacing: list[float]) -> None:
    frame = only(ct(PixelSpacing=spacing))
    assert frame.error is not None
    assert (frame.error.status, "PixelSpacing" in str(frame.error)) == ("error", True)


def test_a_spacing_that_is_no_number_is_an_error() -> None:
    frame = replaced(b"0.71\\0.71", b"inf\\inf", PixelSpacing=[0.71, 0.71])
    assert frame.error is not None
    assert "PixelSpacing" in str(frame.error)


@pytest.mark.parametrize(
    ("changes", "shape"),
    [
        ({"PixelSpacing": None, "PixelAspectRatio": [2, 1]}, (192, 112)),
        ({"PixelSpacing": None, "PixelAspectRatio": [1, 2]}, (96, 224)),
        ({"PixelSpacing": [0.7, 1.4], "PixelAspectRatio": [2, 1]}, (96, 224)),
        ({"PixelSpacing": None}, (96, 112)),
    ],
)
def test_the_shape_of_pixels_is_that_of_the_spacing_or_else_of_the_ratio(
    changes: dict[str, Any], shape: tuple[int, int]
) -> None:
    frame = only(ct(**changes))
    assert frame.pixels is not None
    assert frame.pixels.shape == shape


def test_what_a_frame_says_of_itself_goes_before_what_all_share() -> None:
    dataset = enhanced([hounsfield(seed) for seed in range(2)])
    spacing = Dataset()
    spacing.PixelSpacing = [1.4, 0.7]
    dataset.PerFrameFunctionalGroupsSequence[0].PixelMeasuresSequence = [spacing]
    first, second = read_frames(write(dataset))
    assert first.pixels is not None
    assert first.pixels.shape == (192, 112)
    np.testing.assert_array_equal(second.pixels, Window().grey(hounsfield(1)))


def test_what_stands_outside_the_groups_of_an_enhanced_file_does_not_count() -> None:
    dataset = enhanced([hounsfield()], ImagePositionPatient=[0, 0, 99], PixelSpacing=[1.4, 0.7])
    del dataset.PerFrameFunctionalGroupsSequence[0].PlanePositionSequence
    frame = only(dataset)
    assert position(frame) is None
    np.testing.assert_array_equal(frame.pixels, Window().grey(hounsfield()))


@pytest.mark.parametrize("groups", [0, 1, 3])
def test_the_groups_are_as_many_as_the_frames(groups: int) -> None:
    dataset = enhanced([hounsfield()] * 3)
    dataset.NumberOfFrames = 2
    dataset.PerFrameFunctionalGroupsSequence = dataset.PerFrameFunctionalGroupsSequence[:groups]
    frame = only(dataset)
    assert frame.error is not None
    assert (frame.error.status, str(frame.error)) == (
        "error",
        f"damaged: NumberOfFrames is 2, but there are attributes for {groups}",
    )
