"""Axial slices of a chest and of an abdomen, drawn by parts, so that it is known where the lungs lie."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Levels = dict[str, float]
Box = tuple[int, int, int, int]

HOUNSFIELD = {"padding": -3000, "air": -1000, "lung": -850, "tissue": 40, "bone": 600}


def windowed(centre: float, width: float) -> Levels:
    """Grey levels of the parts as a viewer shows them through a window in Hounsfield units."""
    low = centre - width / 2
    return {part: float(np.clip((hu - low) / width * 255, 0, 255)) for part, hu in HOUNSFIELD.items()}


LUNG_WINDOW = windowed(-600, 1500)
MOSMED = {"padding": 0.0, "air": 95.0, "lung": 100.0, "tissue": 165.0, "bone": 250.0}  # as published


@dataclass(frozen=True)
class Chest:
    """image: uint8 `[h, w]`. box: (top, left, height, width) round the lungs as drawn, filled or not."""

    image: Grey
    box: Box
    left_lung: NDArray[np.bool_]  # on the left of the picture

    @property
    def wall(self) -> NDArray[np.bool_]:
        """Soft tissue at the level of the lungs, between them and in the patient's front."""
        height, width = self.image.shape
        return _ellipse(height, width, (0.5, 0.5), (0.03, 0.1))


def chest(
    levels: Levels = LUNG_WINDOW,
    height: int = 320,
    width: int = 400,
    filled: bool = False,
    circle: bool = False,
    seed: int = 0,
) -> Chest:
    """Body, lungs, windpipe, spine and table, with noise.

    filled: the lung on the right of the picture is consolidated, as bright as tissue.
    circle: what lies outside the scanner's round field of view is padding.
    """
    image = _body(levels, height, width)
    lungs = [_ellipse(height, width, (x, 0.47), (0.13, 0.27)) for x in (0.3, 0.7)]
    image[lungs[0]] = levels["lung"]
    image[lungs[1]] = levels["tissue"] if filled else levels["lung"]
    image[_ellipse(height, width, (0.5, 0.36), (0.025, 0.03))] = levels["air"]  # windpipe
    top, left = round(0.2 * height), round(0.17 * width)
    box = (top, left, round(0.74 * height) - top, round(0.83 * width) - left)
    return Chest(_finished(image, levels, circle, seed), box, lungs[0])


def abdomen(levels: Levels = LUNG_WINDOW, height: int = 320, width: int = 400, seed: int = 0) -> Grey:
    """A body without lungs: bowel gas in front, spine, table."""
    image = _body(levels, height, width)
    for x, y in ((0.42, 0.3), (0.55, 0.27), (0.6, 0.4)):
        image[_ellipse(height, width, (x, y), (0.035, 0.03))] = levels["air"]
    return _finished(image, levels, False, seed)


def framed(image: Grey, level: int) -> tuple[Grey, int, int]:
    """The slice in a frame of one level, and how far down and right it moved."""
    top, left = image.shape[0] // 8, image.shape[1] // 6
    frame = cv2.copyMakeBorder(image, top, 2 * top, left, left // 2, cv2.BORDER_CONSTANT, value=level)
    return np.asarray(frame, np.uint8), top, left


@st.composite
def pictures(draw: st.DrawFn) -> Grey:
    """Anything: sparse pictures, blocks, noise, and chests in any window and frame."""
    shape = draw(st.tuples(st.integers(1, 400), st.integers(1, 400)))
    kind, rng = draw(st.sampled_from(["sparse", "blocks", "chest"])), draw(st.randoms(use_true_random=False))
    if kind == "sparse":
        return draw(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=400)))
    if kind == "blocks":
        blocks = draw(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9))))
        way = draw(st.sampled_from([cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC]))
        return np.asarray(cv2.resize(blocks, shape[::-1], interpolation=way), np.uint8)
    levels = windowed(rng.uniform(-1000, 500), rng.uniform(50, 4000))
    height, width = max(shape[0], 10), max(shape[1], 10)
    phantom = chest(levels, height, width, filled=rng.random() < 0.3, circle=rng.random() < 0.3)
    cropped = np.ascontiguousarray(
        phantom.image[rng.randrange(1 + height // 3) :, rng.randrange(1 + width // 3) :]
    )
    return framed(cropped, rng.choice([0, 128, 255]))[0] if rng.random() < 0.5 else cropped


def _body(levels: Levels, height: int, width: int) -> NDArray[np.float64]:
    image = np.full((height, width), levels["air"])
    image[_ellipse(height, width, (0.5, 0.48), (0.42, 0.38))] = levels["tissue"]
    image[_ellipse(height, width, (0.5, 0.75), (0.05, 0.07))] = levels["bone"]
    image[round(0.9 * height) : round(0.92 * height), width // 5 : -width // 5] = levels["tissue"]  # table
    return image


def _finished(image: NDArray[np.float64], levels: Levels, circle: bool, seed: int) -> Grey:
    spread = 0.02 * (levels["tissue"] - levels["lung"])  # in Hounsfield units it is no matter of the window
    noisy = image + np.random.default_rng(seed).normal(0, spread, image.shape)
    if circle:
        noisy[~_ellipse(*image.shape, (0.5, 0.5), (0.5, 0.5))] = levels["padding"]
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def _ellipse(
    height: int, width: int, centre: tuple[float, float], radii: tuple[float, float]
) -> NDArray[np.bool_]:
    """centre, radii: (x, y) as shares of width and height."""
    mask = np.zeros((height, width), np.uint8)
    (x, y), (across, down) = centre, radii
    middle, axes = (round(x * width), round(y * height)), (round(across * width), round(down * height))
    cv2.ellipse(mask, middle, axes, 0, 0, 360, 1, -1)
    return mask.astype(bool)
