"""The paper's x4 augmentation (section 2.1): each slice, rotated, enlarged, and with noise."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

ROTATION = (0.0, 90.0)  # degrees
SCALE = (1.1, 1.3)
NOISE_STD = 25.5  # grey levels; not in the paper, so that of Matlab's imnoise (variance 0.01)
FACTOR = 4


def quadruple(images: Image, seed: int, draw: int = 0) -> Image:
    """The original images and one rotated, one enlarged and one noisy copy of each.

    images: uint8 `[n, H, W]`; returns uint8 `[4 * n, H, W]`, all originals first, then all
    rotated, enlarged and noisy ones, in the order of `images`. What is drawn for an image
    depends on `seed`, `draw` and its number alone.
    """
    copies = np.empty((FACTOR, *images.shape), np.uint8)
    copies[0] = images
    for number, image in enumerate(images):
        angle, scale, rng = drawn(seed, draw, number)
        copies[1, number] = _warp(image, angle=angle)
        copies[2, number] = _warp(image, scale=scale)
        copies[3, number] = _noisy(image, rng)
    return copies.reshape(-1, *images.shape[1:])


def drawn(seed: int, draw: int, number: int) -> tuple[float, float, np.random.Generator]:
    """Angle in degrees and factor of enlargement for one image, and what draws its noise."""
    rng = np.random.default_rng([seed, draw, number])
    return rng.uniform(*ROTATION), rng.uniform(*SCALE), rng


def _warp(image: Image, angle: float = 0.0, scale: float = 1.0) -> Image:
    """Turn and enlarge about the centre; the frame stays, what was outside it is black."""
    height, width = image.shape
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, scale)
    return np.asarray(cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR), np.uint8)


def _noisy(image: Image, rng: np.random.Generator) -> Image:
    noise = rng.standard_normal(image.shape, np.float32) * NOISE_STD
    return np.clip(np.rint(image + noise), 0, 255).astype(np.uint8)
