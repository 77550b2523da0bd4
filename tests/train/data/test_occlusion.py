from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.covid_ct_folder import slice_of
from train.data import lung_masks, occlusion

SIZE = 227


@pytest.fixture
def slice_() -> np.ndarray:
    return slice_of(np.random.default_rng(1), True, SIZE)


@pytest.fixture
def mask(slice_: np.ndarray) -> np.ndarray:
    return lung_masks.mask(slice_)


def test_blanked_lungs_hold_one_level_and_the_rest_is_kept(slice_: np.ndarray, mask: np.ndarray) -> None:
    altered = occlusion.lungs_blanked(slice_, mask)
    assert np.unique(altered[mask]).tolist() == [int(np.median(slice_[occlusion.body(slice_, mask) & ~mask]))]
    far = cv2.dilate(mask.astype(np.uint8), np.ones((25, 25))) == 0
    assert np.array_equal(altered[far], slice_[far])


def test_what_is_in_the_lungs_cannot_be_told_once_they_are_blanked(
    slice_: np.ndarray, mask: np.ndarray
) -> None:
    other = slice_.copy()
    other[mask] = np.random.default_rng(2).integers(0, 256, mask.sum())
    assert np.array_equal(occlusion.lungs_blanked(slice_, mask), occlusion.lungs_blanked(other, mask))


def test_what_is_outside_the_lungs_cannot_be_told_from_the_lungs_alone(
    slice_: np.ndarray, mask: np.ndarray
) -> None:
    other = slice_.copy()
    other[~mask] = np.random.default_rng(2).integers(0, 256, (~mask).sum())
    altered = occlusion.only_lungs(slice_, mask)
    assert np.array_equal(altered, occlusion.only_lungs(other, mask))
    assert np.array_equal(altered[mask], slice_[mask])


def test_text_outside_and_inside_the_body_goes(slice_: np.ndarray, mask: np.ndarray) -> None:
    plain = occlusion.border_and_text_removed(slice_, mask)
    outside, chest_wall = (2, 16), (int(0.83 * SIZE), SIZE // 2)
    written = slice_.copy()
    cv2.putText(written, "L 5", outside, cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255, 1)
    cv2.putText(written, "B", chest_wall[::-1], cv2.FONT_HERSHEY_SIMPLEX, 0.4, 0, 1)
    ink = written != slice_
    assert np.abs(written[ink].astype(int) - plain[ink]).mean() > 100
    mask_with_text = lung_masks.mask(written)
    altered = occlusion.border_and_text_removed(written, mask_with_text)
    assert np.abs(altered[ink].astype(int) - plain[ink]).mean() < 25


def test_outside_the_body_is_black_and_the_body_is_kept(slice_: np.ndarray, mask: np.ndarray) -> None:
    altered = occlusion.border_and_text_removed(slice_, mask)
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE - 0.5
    radius = np.hypot(x / 0.46, y / 0.38)
    assert not altered[radius > 1.1].any()
    kept = radius < 0.95
    assert (altered[kept] == slice_[kept]).mean() > 0.97


@pytest.mark.parametrize("alter", occlusion.ALTERATIONS.values(), ids=occlusion.ALTERATIONS)
def test_the_slice_itself_is_left_alone(
    alter: Callable[..., np.ndarray], slice_: np.ndarray, mask: np.ndarray
) -> None:
    before = slice_.copy()
    altered = alter(slice_, mask)
    assert np.array_equal(slice_, before)
    assert not np.array_equal(altered, before)
    with pytest.raises(ValueError, match="differ in shape"):
        alter(slice_, mask[1:])


def test_a_slice_without_lungs(slice_: np.ndarray) -> None:
    none = np.zeros(slice_.shape, bool)
    assert np.array_equal(occlusion.lungs_blanked(slice_, none), slice_)
    assert len(np.unique(occlusion.only_lungs(slice_, none))) == 1


SHAPES = st.tuples(st.integers(1, 50), st.integers(1, 50))


@settings(max_examples=60, deadline=None)
@given(
    pair=SHAPES.flatmap(lambda shape: st.tuples(arrays(np.uint8, shape), arrays(bool, shape))),
    name=st.sampled_from(sorted(occlusion.ALTERATIONS)),
)
def test_any_slice_and_mask_give_a_slice(pair: tuple[np.ndarray, np.ndarray], name: str) -> None:
    altered = occlusion.ALTERATIONS[name](*pair)
    assert altered.shape == pair[0].shape
    assert altered.dtype == np.uint8
