"""Invented slices to measure on where no scans are at hand: a drawn chest, with and without opacities."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 512  # pixels, as scanners write
BORDER, LUNG, TISSUE, BONE = 2.0, 35.0, 170.0, 240.0  # grey levels of a lung window

Point = tuple[float, float]


def write(folder: Path, count: int) -> list[Path]:
    """Write `count` slices to a folder as PNG, named by number; every odd one has opacities."""
    paths = []
    for number in range(count):
        path = folder / f"invented-{number:03d}.png"
        path.write_bytes(cv2.imencode(".png", draw(number))[1].tobytes())
        paths.append(path)
    return paths


def draw(number: int) -> NDArray[np.uint8]:
    """One slice, uint8 `[512, 512]`, the same for a number on every machine; odd ones have opacities.

    Body, two lungs with vessels, spine, and noise, varied in place, size, shade and sharpness.
    """
    rng = np.random.default_rng(number)
    image = np.full((SIDE, SIDE), BORDER)
    wide, high = rng.uniform(0.4, 0.47), rng.uniform(0.3, 0.38)
    _fill(image, (0.5, 0.5), (wide, high), TISSUE)
    lungs = np.zeros_like(image)
    tall = rng.uniform(0.5, 0.68) * high
    for side in (-1, 1):
        across, down = rng.uniform(0.32, 0.37) * wide, tall * rng.uniform(0.9, 1.05)
        _fill(lungs, (0.5 + side * 0.48 * wide, 0.49), (across, down), 1.0)
    inside = lungs > 0
    image[inside] = LUNG + rng.uniform(-8, 12)
    marks = np.zeros_like(image)
    for _ in range(rng.integers(40, 90)):  # vessels
        _fill(marks, _place(rng), (rng.uniform(0.002, 0.008), rng.uniform(0.002, 0.008)), TISSUE - LUNG)
    if number % 2:
        haze = np.zeros_like(image)
        for _ in range(rng.integers(2, 7)):
            _fill(haze, _place(rng), (rng.uniform(0.03, 0.1), rng.uniform(0.03, 0.1)), rng.uniform(40, 110))
        marks = np.maximum(marks, cv2.GaussianBlur(haze, (0, 0), rng.uniform(4, 12)))
    image[inside] += marks[inside]
    _fill(image, (0.5, 0.5 + 0.6 * high), (0.05, 0.06), BONE)
    smooth = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.8, 1.8))
    grain = cv2.GaussianBlur(rng.normal(0, 1, image.shape), (0, 0), 0.7)
    return np.clip(np.rint(smooth + rng.uniform(8, 24) * grain), 0, 255).astype(np.uint8)


def _place(rng: np.random.Generator) -> Point:
    return float(rng.uniform(0.12, 0.88)), float(rng.uniform(0.25, 0.75))


def _fill(image: NDArray[np.float64], centre: Point, radii: Point, shade: float) -> None:
    """Fill an ellipse; centre, radii: (x, y) as shares of the side."""
    (x, y), (across, down) = centre, radii
    middle = (round(x * SIDE), round(y * SIDE))
    cv2.ellipse(image, middle, (round(across * SIDE), round(down * SIDE)), 0, 0, 360, shade, -1)
