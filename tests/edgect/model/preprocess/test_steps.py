from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgect.errors import ModelError
from edgect.model.bundles.bundle import Bundle
from edgect.model.preprocess.lung_box import find_lung_box
from edgect.model.preprocess.steps import Placement, Preprocess
from tests.edgect.chest import LUNG_WINDOW, MOSMED, Chest, Grey, Levels, abdomen, chest, pictures, windowed
from tests.edgect.synthetic import body

SIDES = st.integers(32, 400)
INPUTS = st.integers(64, 256)
CROP = {"step": "lungs", "margin": 0.06, "air": 32, "tissue": 208}
LUNGLESS = {
    "blank": np.full((200, 300), 128, np.uint8),
    "noise": np.random.default_rng(0).integers(0, 256, (300, 260)).astype(np.uint8),
    "abdomen": abdomen(),
}


def resize(height: int, width: int) -> Preprocess:
    return Preprocess([{"step": "resize", "height": height, "width": width}])


def crop(height: int = 227, width: int = 227, **changes: float) -> Preprocess:
    return Preprocess([{**CROP, **changes}, {"step": "resize", "height": height, "width": width}])


@given(height=SIDES, width=SIDES, to_height=INPUTS, to_width=INPUTS)
@settings(max_examples=50, deadline=None)
def test_any_slice_becomes_the_input_and_a_map_comes_back_in_its_shape(
    height: int, width: int, to_height: int, to_width: int
) -> None:
    slice_ = body(0, height, width)
    image, placement = resize(to_height, to_width)(slice_)
    assert image.shape == (1, to_height, to_width)
    assert image.dtype == np.uint8
    assert slice_.min() <= image.min()
    assert image.max() <= slice_.max()
    back = placement.to_slice(np.full((14, 14), 2.5, np.float32))
    assert back.shape == (height, width)
    assert back.dtype == np.float32
    np.testing.assert_allclose(back, 2.5, rtol=1e-6)


@given(height=SIDES, width=SIDES, y=st.floats(0.1, 0.9), x=st.floats(0.1, 0.9))
@settings(max_examples=50, deadline=None)
def test_a_bright_place_comes_back_where_it_was(height: int, width: int, y: float, x: float) -> None:
    down, across = np.mgrid[:height, :width]
    away = ((down / height - y) / 0.1) ** 2 + ((across / width - x) / 0.1) ** 2
    image, placement = resize(128, 128)(np.rint(255 * np.exp(-away)).astype(np.uint8))
    back = placement.to_slice(image[0].astype(np.float32))
    weight = np.clip(back - back.max() / 2, 0, None)  # centre of what is bright
    assert np.average(down / height, weights=weight) == pytest.approx(y, abs=0.03)
    assert np.average(across / width, weights=weight) == pytest.approx(x, abs=0.03)


def test_shrinking_averages_over_areas() -> None:
    stripes = np.tile(np.array([0, 255], np.uint8), (200, 100))
    image, _ = resize(100, 100)(stripes)
    assert np.abs(image.astype(int) - 127.5).max() < 2


def test_a_map_lands_in_its_box_and_nowhere_else() -> None:
    placement = Placement(shape=(40, 50), box=(5, 10, 20, 30))
    back = placement.to_slice(np.ones((7, 9), np.float32))
    assert back[5:25, 10:40].min() == 1
    assert back.sum() == 20 * 30


def test_the_bundled_steps_give_the_bundled_input(bundle: Bundle) -> None:
    spec = bundle.manifest.input
    image, _ = Preprocess(spec.steps)(body())
    assert image.shape == spec.shape


@pytest.mark.parametrize(
    "step",
    [
        {"step": "sharpen"},
        {},
        {"step": ["resize"]},
        {"step": "resize", "height": 10},
        {"step": "resize", "height": 10, "width": 10, "depth": 10},
        {"step": "resize", "height": "tall", "width": 10},
        {"step": "resize", "height": 0, "width": 10},
        {"step": "lungs"},
        {**CROP, "margin": -0.01},
        {**CROP, "margin": 1},
        {**CROP, "margin": float("nan")},
        {**CROP, "margin": "wide"},
        {**CROP, "air": -1},
        {**CROP, "tissue": 256},
        {**CROP, "air": 208, "tissue": 208},
        {**CROP, "bone": 250},
    ],
)
def test_a_step_that_cannot_be_taken_is_a_model_error(step: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match="step"):
        Preprocess([step])


def test_lungs_come_before_whatever_moves_pixels() -> None:
    with pytest.raises(ModelError, match="lungs must be the first"):
        Preprocess([{"step": "resize", "height": 200, "width": 200}, CROP])


@pytest.mark.parametrize("margin", [0, 0.06, 0.9])
def test_the_crop_is_the_box_with_its_margin_inside_the_slice(margin: float) -> None:
    slice_ = chest(height=300, width=410).image
    region = find_lung_box(slice_)
    assert region is not None
    top, left, height, width = region.box
    down, across = round(margin * height), round(margin * width)
    first, start = max(0, top - down), max(0, left - across)
    stop = (min(300, top + height + down), min(410, left + width + across))
    image, placement = crop(margin=margin)(slice_)
    assert placement == Placement((300, 410), (first, start, stop[0] - first, stop[1] - start), "lungs")
    assert image.shape == (1, 227, 227)


@pytest.mark.parametrize("slice_", LUNGLESS.values(), ids=LUNGLESS)
def test_without_lungs_the_whole_slice_is_resized_and_says_so(slice_: Grey) -> None:
    image, placement = crop(120, 140)(slice_)
    plain, whole = resize(120, 140)(slice_)
    assert placement == whole
    assert placement.region == "slice"
    np.testing.assert_array_equal(image, plain)


@pytest.mark.parametrize(
    "levels",
    [LUNG_WINDOW, windowed(-600, 1000), windowed(0, 4000), windowed(40, 400), MOSMED],
    ids=["lung", "narrow", "wide", "soft tissue", "mosmed"],
)
def test_lung_and_tissue_come_to_their_levels_whatever_the_window(levels: Levels) -> None:
    phantom = chest(levels)
    image, placement = Preprocess([CROP])(phantom.image)
    top, left = placement.box[:2]
    inside = np.s_[top : top + placement.box[2], left : left + placement.box[3]]
    assert np.median(image[0][phantom.left_lung[inside]]) == pytest.approx(32, abs=14)  # air: 10th percentile
    assert np.median(image[0][phantom.wall[inside]]) == pytest.approx(208, abs=6)


def surroundings(phantom: Chest) -> dict[str, Grey]:
    """The same slice as other scanners and publishers would show it."""
    top, left, height, width = phantom.box
    frame = {"top": 40, "bottom": 25, "left": 30, "right": 70, "borderType": cv2.BORDER_CONSTANT}
    return {
        "black": np.asarray(cv2.copyMakeBorder(phantom.image, **frame, value=0), np.uint8),
        "white": np.asarray(cv2.copyMakeBorder(phantom.image, **frame, value=255), np.uint8),
        "tight": phantom.image[top - 30 : top + height + 30, left - 40 : left + width + 40],
    }


@pytest.mark.parametrize("changed", ["black", "white", "tight"])
@pytest.mark.parametrize("levels", [LUNG_WINDOW, windowed(40, 400), MOSMED])
def test_what_lies_round_the_patient_hardly_changes_the_input(levels: Levels, changed: str) -> None:
    phantom = chest(levels)
    image, _ = crop()(phantom.image)
    other, placement = crop()(np.ascontiguousarray(surroundings(phantom)[changed]))
    assert placement.region == "lungs"
    assert np.abs(image.astype(int) - other.astype(int)).mean() < 8  # of 27 to 113 without the crop


@given(picture=pictures(), to_height=INPUTS, to_width=INPUTS)
@settings(max_examples=100, deadline=None)
def test_any_picture_becomes_the_input_and_a_map_lands_on_its_box(
    picture: Grey, to_height: int, to_width: int
) -> None:
    image, placement = crop(to_height, to_width)(picture)
    assert image.shape == (1, to_height, to_width)
    assert image.dtype == np.uint8
    assert placement.shape == picture.shape
    back = placement.to_slice(np.full((14, 14), 2.5, np.float32))
    top, left, down, across = placement.box
    expected = np.zeros(picture.shape, np.float32)
    expected[top : top + down, left : left + across] = 2.5
    np.testing.assert_allclose(back, expected, rtol=1e-6)
    if placement.region == "slice":
        assert placement.box == (0, 0, *picture.shape)
