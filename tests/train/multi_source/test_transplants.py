from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.train.small_runs import draw_crop
from train.multi_source.crops import TISSUE
from train.multi_source.transplants import has_enough, opacity_map, transplant

MIDDLE = (45, 60)  # of the opacity, in the lung on the left of the picture


def near(point: tuple[int, int], pixels: int, shape: tuple[int, ...]) -> np.ndarray:
    return cv2.circle(np.zeros(shape, np.uint8), point, pixels, 1, -1) > 0


def test_an_opacity_is_found_where_it_is() -> None:
    image, lungs = draw_crop(opacity=MIDDLE)
    share = opacity_map(image, lungs)
    assert share.shape == image.shape
    assert share.dtype == np.uint8
    assert share[near(MIDDLE, 12, image.shape)].min() > 0.95 * 255
    right = np.arange(image.shape[1])[None] > 100
    assert share[right & cv2.erode(lungs.astype(np.uint8), np.ones((15, 15))).astype(bool)].max() == 0
    assert has_enough(share)


@pytest.mark.parametrize("vessels", [False, True], ids=["clear", "vessels"])
def test_clear_lungs_and_thin_vessels_have_none(vessels: bool) -> None:
    image, lungs = draw_crop(vessels=vessels)
    assert (image[lungs] > 200).any() == vessels
    inside = cv2.erode(lungs.astype(np.uint8), np.ones((15, 15))) > 0
    share = opacity_map(image, lungs)
    assert share[inside].max() == 0
    assert not has_enough(share)


def test_brightness_outside_the_lungs_is_none() -> None:
    image, lungs = draw_crop()
    assert opacity_map(image, np.zeros_like(lungs)).max() == 0


def test_a_transplanted_opacity_is_found_again_and_the_other_lung_is_as_it_was() -> None:
    (healthy, lungs), (donor, donor_lungs) = draw_crop(vessels=True), draw_crop(opacity=MIDDLE)
    result = transplant(healthy, lungs, donor, opacity_map(donor, donor_lungs))
    assert not has_enough(opacity_map(healthy, lungs))
    assert has_enough(opacity_map(result, lungs))
    spot = near(MIDDLE, 8, healthy.shape)
    np.testing.assert_array_equal(result[spot], np.maximum(healthy, donor)[spot])
    np.testing.assert_array_equal(result[:, 100:], healthy[:, 100:])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), x=st.integers(30, 60), y=st.integers(30, 90))
def test_nothing_gets_darker_nor_brighter_than_both_and_only_lungs_change(seed: int, x: int, y: int) -> None:
    rng = np.random.default_rng(seed)
    image, lungs = draw_crop(opacity=(x, y))
    share = opacity_map(image, lungs)
    healthy, donor = (rng.integers(0, 256, image.shape, np.uint8) for _ in range(2))
    result = transplant(healthy, lungs, donor, share)
    assert result.dtype == np.uint8
    assert (result >= healthy).all()
    assert (result <= np.maximum(healthy, donor)).all()
    beyond = cv2.dilate(lungs.astype(np.uint8), np.ones((11, 11), np.uint8)) == 0
    assert share[cv2.erode(lungs.astype(np.uint8), np.ones((9, 9))) > 0].any()
    np.testing.assert_array_equal(result[beyond], healthy[beyond])
    np.testing.assert_array_equal(result[share == 0], healthy[share == 0])
    assert (result != healthy)[near((x, y), 8, image.shape) & lungs].mean() > 0.3


def test_an_opacity_that_meets_no_lung_changes_nothing() -> None:
    healthy = np.full((131, 179), TISSUE, np.uint8)
    donor, lungs = draw_crop(opacity=MIDDLE)
    result = transplant(healthy, np.zeros_like(lungs), np.full_like(donor, 255), opacity_map(donor, lungs))
    np.testing.assert_array_equal(result, healthy)
