from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.train.small_runs import draw_crop
from train.multi_source import distortions
from train.multi_source.crops import AIR, TISSUE

SEEDS = st.integers(0, 2**32 - 1)
SIDES = st.integers(8, 80)
IMAGE, LUNGS = draw_crop(opacity=(45, 60))
OTHER = np.random.default_rng(0).integers(0, 256, IMAGE.shape, np.uint8)

Change = Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]
CHANGES: dict[str, Change] = {
    "moved": lambda image, lungs, rng: distortions.random_affine(image, lungs, image, rng)[0],
    "lungs moved": lambda image, lungs, rng: distortions.random_affine(image, lungs, image, rng)[1],
    "opacities moved": lambda image, lungs, rng: distortions.random_affine(image, lungs, image, rng)[2],
    "outside_replaced": lambda image, lungs, rng: distortions.replace_outside(image, lungs, image[::-1], rng),
    "relit": lambda image, lungs, rng: distortions.random_window(image, rng),
    "degraded": lambda image, lungs, rng: distortions.degrade(image, rng),
}


def far_from(lungs: np.ndarray, pixels: int = 8) -> np.ndarray:
    return cv2.dilate(lungs.astype(np.uint8), np.ones((2 * pixels + 1,) * 2, np.uint8)) == 0


@pytest.mark.parametrize("name", CHANGES)
@settings(max_examples=25, deadline=None)
@given(height=SIDES, width=SIDES, seed=SEEDS)
def test_any_crop_keeps_shape_and_kind_and_stays_unaltered_itself(
    name: str, height: int, width: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    image, lungs = rng.integers(0, 256, (height, width), np.uint8), rng.random((height, width)) < 0.5
    before = image.copy(), lungs.copy()
    changed = CHANGES[name](image, lungs, rng)
    assert changed.shape == (height, width)
    assert changed.dtype == (bool if name == "lungs moved" else np.uint8)
    np.testing.assert_array_equal(image, before[0])
    np.testing.assert_array_equal(lungs, before[1])


@pytest.mark.parametrize("name", CHANGES)
def test_the_generators_state_decides_and_nothing_else(name: str) -> None:
    def changed(seed: int) -> bytes:
        return CHANGES[name](IMAGE, LUNGS, np.random.default_rng(seed)).tobytes()

    assert [changed(seed) for seed in range(12)] == [changed(seed) for seed in range(12)]
    assert len({changed(seed) for seed in range(12)}) > 3


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_lungs_and_opacities_move_with_the_image(seed: int) -> None:
    picture = np.where(LUNGS, 255, 0).astype(np.uint8)
    moved, lungs, opacities = distortions.random_affine(picture, LUNGS, picture, np.random.default_rng(seed))
    everything = np.ones_like(LUNGS)
    _, still_there, _ = distortions.random_affine(picture, everything, picture, np.random.default_rng(seed))
    assert ((moved > 127) != lungs)[still_there].mean() < 0.01
    assert ((opacities > 127) != lungs).mean() < 0.01


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_a_move_is_small(seed: int) -> None:
    spot = np.zeros((100, 100), bool)
    spot[40:60, 40:60] = True
    picture = np.zeros((100, 100), np.uint8)
    _, moved, _ = distortions.random_affine(picture, spot, picture, np.random.default_rng(seed))
    assert abs(np.log(moved.sum() / spot.sum())) < 2 * distortions.SCALE + 0.05
    assert np.abs(np.argwhere(moved).mean(0) - 49.5).max() < 100 * distortions.SHIFT + 1


def test_half_of_all_are_mirrored() -> None:
    left = np.zeros((60, 90), bool)
    left[20:40, 10:30] = True
    picture, rng = OTHER[:60, :90], np.random.default_rng(0)
    lungs = [distortions.random_affine(picture, left, picture, rng)[1] for _ in range(300)]
    sides = [np.argwhere(mask)[:, 1].mean() > 45 for mask in lungs]
    assert 0.4 < np.mean(sides) < 0.6


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_replacing_the_outside_leaves_the_lungs_and_nothing_of_what_was_outside(seed: int) -> None:
    replaced = distortions.replace_outside(IMAGE, LUNGS, OTHER, np.random.default_rng(seed))
    np.testing.assert_array_equal(replaced[LUNGS], IMAGE[LUNGS])
    noisy = np.where(far_from(LUNGS), 255 - OTHER, IMAGE)
    np.testing.assert_array_equal(
        distortions.replace_outside(noisy, LUNGS, OTHER, np.random.default_rng(seed)), replaced
    )


def test_the_outside_is_one_level_or_anothers_without_its_lungs() -> None:
    outside = far_from(LUNGS)
    rng = np.random.default_rng(0)
    outsides = [distortions.replace_outside(IMAGE, LUNGS, OTHER, rng)[outside] for _ in range(60)]
    levels = {int(values[0]) for values in outsides if np.ptp(values) == 0}
    others = [values for values in outsides if np.ptp(values) > 0]
    assert len(levels) > 15
    assert 15 < len(others) < 45
    for values in others:
        assert values.min() > (AIR + TISSUE) / 2
        bright = OTHER[outside] >= TISSUE
        np.testing.assert_array_equal(values[bright], OTHER[outside][bright])


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS)
def test_relit_keeps_the_order_of_grey_levels_and_moves_them_little(seed: int) -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    levels = distortions.random_window(ramp, np.random.default_rng(seed)).ravel().astype(int)
    assert (np.diff(levels) >= 0).all()
    assert abs(levels[AIR] - AIR) <= distortions.WINDOW + 0.5
    assert abs(levels[TISSUE] - TISSUE) <= distortions.WINDOW + 0.5


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS)
def test_degraded_keeps_what_is_to_be_seen(seed: int) -> None:
    degraded = distortions.degrade(IMAGE, np.random.default_rng(seed)).astype(float)
    for size in (1, 30):  # the whole, and any coarse part of it
        mean = cv2.blur(degraded, (size, size)) if size > 1 else degraded.mean()
        before = cv2.blur(IMAGE.astype(float), (size, size)) if size > 1 else IMAGE.mean()
        assert np.abs(mean - before).max() < 12


def test_about_a_quarter_are_not_degraded() -> None:
    rng = np.random.default_rng(0)
    untouched = [np.array_equal(distortions.degrade(IMAGE, rng), IMAGE) for _ in range(300)]
    assert 0.17 < np.mean(untouched) < 0.33


def spread(changed: Callable[[np.random.Generator], np.ndarray]) -> float:
    """Mean difference to the slice over several draws."""
    draws = [changed(np.random.default_rng(seed)).astype(float) for seed in range(40)]
    return float(np.mean([np.abs(draw - IMAGE).mean() for draw in draws]))


def test_strength_is_a_factor_of_what_is_changed() -> None:
    changes = {
        "moved": lambda rng, strength: distortions.random_affine(IMAGE, LUNGS, IMAGE, rng, strength)[0],
        "relit": lambda rng, strength: distortions.random_window(IMAGE, rng, strength),
        "degraded": lambda rng, strength: distortions.degrade(IMAGE, rng, strength),
    }
    for name, change in changes.items():
        weak, usual, strong = (
            spread(lambda rng, change=change, each=each: change(rng, each)) for each in (0.25, 1.0, 2.0)
        )
        assert weak < usual < strong, name
