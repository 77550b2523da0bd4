"""Small pictures of a slice and of its activation map, all maps on one scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgect.report.heat_map import overlay

SIDE = 256  # pixels of the longer side, at most
BYTES = 12_000  # of one picture: coarser where it would take more, as noise does
QUALITIES = (70, 45, 20)  # of WebP, 0 to 100
LEGEND = (256, 12)  # width, height in pixels


@dataclass(frozen=True)
class Pictures:
    """slice, map: WebP files; no map where there is no evidence to draw."""

    slice: bytes
    map: bytes | None


def pictures(
    pixels: NDArray[np.uint8], evidence: NDArray[np.float32] | None, scale: float | None
) -> Pictures:
    """Of a slice, uint8 `[height, width]`, and the log-odds by place on it, same shape.

    scale: the log-odds drawn in the strongest red, as in `edgect.report.heat_map.overlay`.
    """
    small = _shrink(pixels)
    if evidence is None or scale is None:
        return Pictures(_webp(small), None)
    return Pictures(_webp(small), _webp(overlay(small, _shrink(evidence), scale)))


def legend() -> bytes:
    """PNG of the colours from no evidence to that of the scale, left to right, on a middle grey."""
    width, height = LEGEND
    grey = np.full((height, width), 128, np.uint8)
    ramp = np.broadcast_to(np.linspace(0, 1, width, dtype=np.float32), grey.shape)
    return cv2.imencode(".png", overlay(grey, ramp, 1))[1].tobytes()


def _shrink(values: NDArray[Any]) -> NDArray[Any]:
    height, width = values.shape
    factor = min(1.0, SIDE / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA))


def _webp(picture: NDArray[Any]) -> bytes:
    content = b""
    for quality in QUALITIES:
        content = cv2.imencode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, quality])[1].tobytes()
        if len(content) <= BYTES:
            break
    return content
