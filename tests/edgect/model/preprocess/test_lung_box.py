from __future__ import annotations

import os
import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings

from edgect.model.preprocess.lung_box import LungBox, find_lung_box
from edgect.scans import read_slice
from tests.edgect.chest import (
    LUNG_WINDOW,
    MOSMED,
    Box,
    Grey,
    Levels,
    abdomen,
    chest,
    framed,
    pictures,
    windowed,
)

REAL = os.environ.get("EDGECT_DATA")
EXAMPLES = sorted((Path(__file__).parents[4] / "examples" / "scans").glob("*.*"))
SMEAR = 0.02  # of a side: `find` works on a copy of 128 pixels, and the drawn edge lies between two
WINDOWS = {
    "lung": LUNG_WINDOW,
    "narrow": windowed(-600, 1000),
    "wide": windowed(0, 4000),
    "soft tissue": windowed(40, 400),
    "mosmed": MOSMED,
}
every_window = pytest.mark.parametrize("levels", WINDOWS.values(), ids=WINDOWS)


def edges(box: Box) -> np.ndarray:
    """Top, bottom, left and right of a box."""
    top, left, height, width = box
    return np.array([top, top + height, left, left + width])


def assert_close(lung_box: LungBox | None, box: Box, shape: tuple[int, ...]) -> None:
    assert lung_box is not None
    most = np.repeat([SMEAR * shape[0] + 1, SMEAR * shape[1] + 1], 2)
    assert (np.abs(edges(lung_box.box) - edges(box)) <= most).all(), f"{lung_box.box} for {box}"


@every_window
@pytest.mark.parametrize(("height", "width"), [(320, 400), (512, 512), (100, 140), (1500, 1100)])
def test_the_box_is_that_of_both_lungs_in_any_window_and_size(
    levels: Levels, height: int, width: int
) -> None:
    phantom = chest(levels, height, width)
    assert_close(find_lung_box(phantom.image), phantom.box, phantom.image.shape)


@every_window
def test_levels_are_those_of_lung_and_tissue(levels: Levels) -> None:
    lung_box = find_lung_box(chest(levels).image)
    assert lung_box is not None
    assert lung_box.air == pytest.approx(levels["lung"], abs=8)  # noise, the 10th percentile
    assert lung_box.tissue == pytest.approx(levels["tissue"], abs=4)


@every_window
def test_padding_round_the_field_of_view_is_not_lung(levels: Levels) -> None:
    phantom = chest(levels, 512, 512, circle=True)
    assert_close(find_lung_box(phantom.image), phantom.box, phantom.image.shape)


@pytest.mark.parametrize("frame", [0, 255], ids=["black", "white"])
@every_window
def test_a_frame_is_not_lung(levels: Levels, frame: int) -> None:
    phantom = chest(levels)
    image, down, right = framed(phantom.image, frame)
    top, left, height, width = phantom.box
    assert_close(find_lung_box(image), (top + down, left + right, height, width), image.shape)


@every_window
def test_text_burned_in_changes_little(levels: Levels) -> None:
    phantom = chest(levels)
    for text, place in (("SE 4 IM 112", (4, 16)), ("R", (4, 160)), ("W1500 L-600", (290, 312))):
        cv2.putText(phantom.image, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255, 1)
    assert_close(find_lung_box(phantom.image), phantom.box, phantom.image.shape)


@every_window
def test_a_slice_cropped_close_to_the_lungs_is_kept_whole(levels: Levels) -> None:
    phantom = chest(levels)
    top, left, height, width = phantom.box
    tight = np.ascontiguousarray(phantom.image[top - 9 : top + height + 9, left - 9 : left + width + 9])
    assert_close(find_lung_box(tight), (9, 9, height, width), tight.shape)


@every_window
def test_air_far_round_the_patient_and_along_an_edge_is_not_lung(levels: Levels) -> None:
    phantom = chest(levels)
    top, left, height, width = phantom.box
    air = round(levels["air"])
    far = np.asarray(cv2.copyMakeBorder(phantom.image, *[150] * 4, cv2.BORDER_CONSTANT, value=air), np.uint8)
    assert_close(find_lung_box(far), (top + 150, left + 150, height, width), far.shape)
    tight = np.ascontiguousarray(phantom.image[top - 9 : top + height + 15, left - 9 : left + width + 9])
    tight[-10:, 70:-70] = air
    assert_close(find_lung_box(tight), (9, 9, height, width), tight.shape)


@every_window
def test_the_box_reaches_over_backs_that_are_filled(levels: Levels) -> None:
    phantom = chest(levels, 400, 400)
    top, left, height, width = phantom.box
    phantom.image[top + height // 2 : top + height, left : left + width] = round(levels["tissue"])
    lung_box = find_lung_box(phantom.image)
    assert lung_box is not None
    assert lung_box.box[2] >= 0.5 * width  # as flat as lungs get


@pytest.mark.parametrize("mirrored", [False, True])
@every_window
def test_the_box_reaches_over_a_lung_that_is_filled(levels: Levels, mirrored: bool) -> None:
    phantom = chest(levels, filled=True)
    lung_box = find_lung_box(np.ascontiguousarray(phantom.image[:, ::-1]) if mirrored else phantom.image)
    assert lung_box is not None
    top, bottom, left, right = edges(lung_box.box)
    if mirrored:
        left, right = phantom.image.shape[1] - right, phantom.image.shape[1] - left
    true = edges(phantom.box)
    middle = phantom.image.shape[1] / 2
    assert abs(left - true[2]) <= SMEAR * phantom.image.shape[1] + 1
    assert right - middle >= 0.7 * (true[3] - middle)
    assert (top, bottom) == pytest.approx(true[:2], abs=SMEAR * phantom.image.shape[0] + 1)


@every_window
def test_an_abdomen_has_no_lungs(levels: Levels) -> None:
    assert find_lung_box(abdomen(levels)) is None


@pytest.mark.parametrize("level", [0, 7, 128, 255])
def test_a_blank_picture_has_no_lungs(level: int) -> None:
    assert find_lung_box(np.full((200, 300), level, np.uint8)) is None


@pytest.mark.parametrize("spread", [3, 20, 80])
@pytest.mark.parametrize("side", [40, 128, 300, 600])
def test_noise_has_no_lungs(side: int, spread: int) -> None:
    noise = np.random.default_rng(0).normal(128, spread, (side, side + 7))
    assert find_lung_box(np.clip(noise, 0, 255).astype(np.uint8)) is None


@given(picture=pictures())
@settings(max_examples=150, deadline=None)
def test_any_picture_gives_a_box_inside_it_or_none(picture: Grey) -> None:
    before = picture.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lung_box = find_lung_box(picture)
    np.testing.assert_array_equal(picture, before)
    if lung_box is not None:
        top, bottom, left, right = edges(lung_box.box)
        assert 0 <= top < bottom <= picture.shape[0]
        assert 0 <= left < right <= picture.shape[1]
        assert all(isinstance(side, int) for side in lung_box.box)
        assert 0 <= lung_box.air < lung_box.tissue <= 255


@pytest.mark.skipif(not EXAMPLES, reason="no examples/scans")
def test_lungs_are_found_on_every_example_scan() -> None:
    for path in EXAMPLES:
        slice_ = read_slice(path)
        lung_box = find_lung_box(slice_)
        assert lung_box is not None, path.name
        assert lung_box.box[2] * lung_box.box[3] > 0.25 * slice_.size, path.name  # a windpipe takes less


@pytest.mark.skipif(REAL is None, reason="EDGECT_DATA does not name the real data")
@pytest.mark.parametrize(
    ("folder", "least"),
    [
        ("covid-ct/Images/CT_COVID", 0.95),
        ("covid-ct/Images/CT_NonCOVID", 0.95),
        ("sirm", 0.95),
        ("sars-cov-2-ct/COVID", 0.95),
        ("sars-cov-2-ct/NonCOVID", 0.95),
        ("mosmed/CT-0", 0.95),
        ("mosmed/CT-2", 0.95),
        ("luna-slices", 0.85),  # some show the abdomen
    ],
)
def test_lungs_are_found_on_real_slices(folder: str, least: float) -> None:
    paths = sorted(path for path in (Path(str(REAL)) / folder).glob("*.*") if path.is_file())
    if not paths:
        pytest.skip(f"EDGECT_DATA holds no {folder}")
    chosen = [paths[place] for place in np.linspace(0, len(paths) - 1, 20).astype(int)]
    assert np.mean([find_lung_box(read_slice(path)) is not None for path in chosen]) >= least
