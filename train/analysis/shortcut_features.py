"""Shortcut features: facts about a file and its grey levels that tell classes apart without a lung."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edgect.scans import read_bytes, read_slice
from edgect.scans.formats import PICTURES

BINS = 16
PERCENTILES = (5, 25, 50, 75, 95)
NEARLY_WHITE = 250  # as lettering and arrows are
STROKE = np.ones((7, 7), np.uint8)  # what is thinner than this is a stroke

Row = dict[str, float]


@dataclass(frozen=True)
class _File:
    """length: bytes of the file. header: not decoded. pixels: uint8 `[height, width]`."""

    length: int
    header: Image.Image
    pixels: NDArray[np.uint8]


def _file(file: _File) -> Row:
    height, width = file.pixels.shape
    return {
        **{name: float(file.header.format == name) for name in PICTURES},
        "channels": len(file.header.getbands()),
        "palette": float(file.header.mode == "P"),
        "bytes per pixel": file.length / file.pixels.size,
        "width": width,
        "height": height,
        "aspect ratio": width / height,
    }


def _border(file: _File) -> Row:
    pixels = file.pixels
    sides = {"top": pixels[0], "bottom": pixels[-1], "left": pixels[:, 0], "right": pixels[:, -1]}
    return {f"{side} {name}": value for side, line in sides.items() for name, value in _summary(line).items()}


def _grey_levels(file: _File) -> Row:
    counts = np.bincount(file.pixels.ravel(), minlength=256)
    bins = counts.reshape(BINS, -1).sum(axis=1) / file.pixels.size
    percentiles = np.percentile(file.pixels, PERCENTILES)
    return {
        **{f"bin {number}": float(share) for number, share in enumerate(bins)},
        **{f"percentile {p}": float(value) for p, value in zip(PERCENTILES, percentiles, strict=True)},
        **_summary(file.pixels),
        "distinct": int((counts > 0).sum()),
    }


def _text(file: _File) -> Row:
    bright = (file.pixels >= NEARLY_WHITE).astype(np.uint8)
    strokes = bright - cv2.morphologyEx(bright, cv2.MORPH_OPEN, STROKE)
    return {
        "strokes": float(strokes.mean()),
        "strokes of bright": float(strokes.sum() / max(1, int(bright.sum()))),
    }


def _summary(values: NDArray[np.uint8]) -> Row:
    return {
        "mean": float(values.mean()),
        "std": float(values.std()),
        "min": int(values.min()),
        "max": int(values.max()),
        "black": float((values == 0).mean()),
        "white": float((values == 255).mean()),
    }


GROUPS: dict[str, Callable[[_File], Row]] = {
    "file": _file,
    "border": _border,
    "grey levels": _grey_levels,
    "text": _text,
}


def features(path: Path) -> Row:
    """Every group's features of a file that holds one slice, as `group: feature`, in a fixed order.

    file: the format by content (0 or 1 for each), channels as stored, whether there is a palette,
    bytes per pixel, width and height in pixels, width / height. border: the outermost line of
    pixels on each side. grey levels: 16 equal bins, percentiles, number of distinct values.
    Means, deviations, least and greatest values and percentiles are grey levels, 0 to 255; bins,
    `black` (exactly 0) and `white` (exactly 255) are shares of pixels, 0 to 1. text: share of
    pixels in thin, nearly white strokes, and their share of the nearly white ones.
    Raises ScanError, naming the file, where edgect could not read the slice.
    """
    pixels, content = read_slice(path), read_bytes(str(path))
    file = _File(len(content), Image.open(io.BytesIO(content), formats=PICTURES), pixels)
    return {f"{group}: {name}": value for group, of in GROUPS.items() for name, value in of(file).items()}
