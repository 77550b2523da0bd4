from __future__ import annotations

import numpy as np
import pytest

from train.data.augmentation import quadruple


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    image = np.full((65, 65), 40, np.uint8)
    image[20:30, 28:38] = 200  # above the centre
    return np.stack([image] * 40)


def parts(images: np.ndarray, **options: int) -> np.ndarray:
    return quadruple(images, **options).reshape(4, *images.shape)


def centroids(images: np.ndarray) -> np.ndarray:
    return np.array([np.argwhere(image > 120).mean(0) - 32 for image in images])


def test_the_papers_training_set_has_1528_images() -> None:
    assert quadruple(np.zeros((382, 8, 8), np.uint8), seed=0).shape == (1528, 8, 8)


def test_originals_come_first_and_unchanged(images: np.ndarray) -> None:
    np.testing.assert_array_equal(parts(images, seed=0)[0], images)


def test_rotations_lie_between_0_and_90_degrees(images: np.ndarray) -> None:
    before, after = centroids(images[:1])[0], centroids(parts(images, seed=0)[1])
    angles = np.degrees(np.arctan2(before[0], before[1]) - np.arctan2(after[:, 0], after[:, 1])) % 360
    angles = np.where(angles > 350, angles - 360, angles)
    assert angles.min() > -3
    assert angles.max() < 93
    assert angles.max() - angles.min() > 45


def test_enlargements_lie_between_1_1_and_1_3(images: np.ndarray) -> None:
    areas = (parts(images, seed=0)[2] > 120).sum((1, 2)) / (images[0] > 120).sum()
    assert areas.min() > 1.1**2 * 0.9
    assert areas.max() < 1.3**2 * 1.1
    assert areas.max() - areas.min() > 0.15


def test_noise_has_the_stated_deviation(images: np.ndarray) -> None:
    middle = np.full((4, 100, 100), 128, np.uint8)
    noise = parts(middle, seed=0)[3].astype(float) - 128
    assert abs(noise.mean()) < 1
    assert noise.std() == pytest.approx(25.5, rel=0.03)


def test_draws_follow_seed_draw_and_number(images: np.ndarray) -> None:
    np.testing.assert_array_equal(quadruple(images, 3, 1), quadruple(images, 3, 1))
    np.testing.assert_array_equal(parts(images[:5], seed=3)[1], parts(images, seed=3)[1][:5])
    for other in (quadruple(images, 4, 1), quadruple(images, 3, 2)):
        assert (quadruple(images, 3, 1) != other).any()
    assert (parts(images, seed=0)[1][0] != parts(images, seed=0)[1][1]).any()
