from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.covid_ct_folder import slice_of
from train.data import lung_masks


def ellipse(size: int, x: float, y: float, rx: float, ry: float) -> np.ndarray:
    row, column = np.mgrid[:size, :size] / size - 0.5
    return ((column - x) / rx) ** 2 + ((row - y) / ry) ** 2 < 1


def drawn_lungs(size: int) -> np.ndarray:
    """Where `slice_of` draws the lungs."""
    return ellipse(size, -0.2, 0, 0.14, 0.26) | ellipse(size, 0.2, 0, 0.14, 0.26)


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Dice's coefficient."""
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))


@pytest.mark.parametrize("size", [72, 227, 400])
@pytest.mark.parametrize("patches", [False, True], ids=["clear", "patches"])
def test_finds_both_lungs_with_their_lesions(size: int, patches: bool) -> None:
    mask = lung_masks.mask(slice_of(np.random.default_rng(1), patches, size))
    assert mask.shape == (size, size)
    assert mask.dtype == bool
    assert overlap(mask, drawn_lungs(size)) > 0.9


def test_a_lesion_on_the_chest_wall_is_lung() -> None:
    slice_ = slice_of(np.random.default_rng(1), False, 227)
    lesion = ellipse(227, -0.31, 0.05, 0.05, 0.08) & drawn_lungs(227)
    slice_[lesion] = 150
    assert lung_masks.mask(slice_)[lesion].mean() > 0.8


def test_a_vessel_from_the_middle_into_the_lung_is_lung() -> None:
    slice_ = slice_of(np.random.default_rng(1), False, 227)
    vessel = drawn_lungs(227) & ellipse(227, -0.1, 0, 0.12, 0.02)
    slice_[vessel] = 150
    assert lung_masks.mask(slice_)[vessel].mean() > 0.8


def test_much_air_round_the_body_is_not_lung() -> None:
    slice_ = np.pad(slice_of(np.random.default_rng(1), False, 227), 60, constant_values=20)
    body = ellipse(227, 0, 0, 0.46, 0.38)
    assert not lung_masks.mask(slice_)[~np.pad(body, 60)].any()


def test_windpipe_table_and_air_outside_are_not_lung() -> None:
    slice_ = slice_of(np.random.default_rng(1), False, 227)
    windpipe = ellipse(227, 0, -0.05, 0.05, 0.06)
    slice_[windpipe] = 10
    slice_[215:218] = 220
    mask = lung_masks.mask(slice_)
    assert not mask[windpipe].any()
    assert not mask[~ellipse(227, 0, 0, 0.46, 0.38)].any()


@pytest.mark.parametrize("frame", [0, 255])
def test_a_frame_round_the_figure_changes_little(frame: int) -> None:
    slice_ = slice_of(np.random.default_rng(1), True, 227)
    framed = lung_masks.mask(np.pad(slice_, 12, constant_values=frame))
    assert overlap(framed[12:-12, 12:-12], lung_masks.mask(slice_)) > 0.95


def test_lungs_that_touch_the_edges_of_a_tight_crop() -> None:
    slice_ = slice_of(np.random.default_rng(1), True, 300)
    crop = slice(56, -56)  # a hair inside the lungs' outer walls
    mask = lung_masks.mask(slice_[:, crop])
    assert overlap(mask, drawn_lungs(300)[:, crop]) > 0.9


def test_a_slice_stays_as_it_is_and_gives_the_same_mask_again() -> None:
    slice_ = slice_of(np.random.default_rng(1), True, 227)
    before = slice_.copy()
    first = lung_masks.mask(slice_)
    assert np.array_equal(slice_, before)
    assert np.array_equal(first, lung_masks.mask(slice_))


@pytest.mark.parametrize("level", [0, 128, 255])
def test_nothing_is_found_where_nothing_is(level: int) -> None:
    assert not lung_masks.mask(np.full((50, 60), level, np.uint8)).any()


def test_nothing_is_found_in_faint_noise() -> None:
    noise = np.random.default_rng(0).integers(120, 130, (80, 80), dtype=np.uint8)
    assert not lung_masks.mask(noise).any()


SIDES = st.integers(1, 60)


@settings(max_examples=60, deadline=None)
@given(slice_=st.tuples(SIDES, SIDES).flatmap(lambda shape: arrays(np.uint8, shape)))
def test_any_picture_gives_a_mask_of_its_shape(slice_: np.ndarray) -> None:
    mask = lung_masks.mask(slice_[::-1, ::-1])
    assert mask.shape == slice_.shape
    assert mask.dtype == bool


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), height=st.integers(20, 300), width=st.integers(20, 300))
def test_noise_gives_a_mask_of_its_shape(seed: int, height: int, width: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)
    assert lung_masks.mask(noise).shape == noise.shape
