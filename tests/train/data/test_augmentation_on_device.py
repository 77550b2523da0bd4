"""The augmentation by torch against that by OpenCV and numpy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from edgect.scans import read_slice
from train.data import augmentation, augmentation_on_device

SCANS = Path(__file__).parents[3] / "examples" / "scans"


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """Of real scans the middle, uint8 `[n, 201, 211]`."""
    scans = [read_slice(path) for path in sorted(SCANS.iterdir())]
    return np.stack([scan[20:221, 10:221] for scan in scans if min(scan.shape) > 221])


def parts(copies: np.ndarray) -> np.ndarray:
    return copies.reshape(augmentation.FACTOR, -1, *copies.shape[1:]).astype(int)


@pytest.mark.parametrize(("seed", "draw"), [(0, 0), (7, 3)])
def test_the_same_draws_give_the_same_pictures(images: np.ndarray, seed: int, draw: int) -> None:
    assert len(images) > 3
    ours = parts(augmentation_on_device.quadruple(torch.from_numpy(images), seed, draw).numpy())
    numpys = parts(augmentation.quadruple(images, seed, draw))
    np.testing.assert_array_equal(ours[0], numpys[0])
    for turned_or_enlarged in (1, 2):
        difference = np.abs(ours[turned_or_enlarged] - numpys[turned_or_enlarged])
        assert difference.max() <= 2
        assert (difference > 0).mean() < 0.01


def test_noise_has_the_same_distribution() -> None:
    grey = np.full((6, 120, 120), 30, np.uint8)  # some of it is cut off at black
    ours = parts(augmentation_on_device.quadruple(torch.from_numpy(grey), seed=0).numpy())[3].ravel()
    numpys = parts(augmentation.quadruple(grey, seed=0))[3].ravel()
    levels = [0, 10, 20, 30, 50, 80]
    shares = [[(noisy <= level).mean() for level in levels] for noisy in (ours, numpys)]
    np.testing.assert_allclose(*shares, atol=0.01)


def test_noise_follows_seed_and_draw() -> None:
    grey = torch.full((2, 30, 30), 128, dtype=torch.uint8)
    noisy = {
        key: augmentation_on_device.quadruple(grey, *key)[6:].numpy() for key in ((0, 0), (0, 1), (1, 0))
    }
    np.testing.assert_array_equal(noisy[0, 0], augmentation_on_device.quadruple(grey, 0, 0)[6:].numpy())
    for key in ((0, 1), (1, 0)):
        assert (noisy[key] != noisy[0, 0]).any()
    assert (noisy[0, 0][0] != noisy[0, 0][1]).any()
