"""The picture of a slice: as it is, and beside it with its heat map; sides marked, text above and below."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgect.report.heat_map import overlay

MIN_SIDE = 512  # pixels of the shorter side of each half, at least: text must be readable
LINE_HEIGHT = 22  # pixels from line to line of the text
GAP = 8  # pixels between the halves
WHITE = (255, 255, 255)
_BAR = (160, 12)  # width and height of the bar that explains the colours
_LEGEND = 350  # pixels that the bar and its text take
_MARGIN = 8
_FONT = cv2.FONT_HERSHEY_SIMPLEX
Picture = NDArray[np.uint8]


def side_by_side(
    pixels: NDArray[np.uint8],
    evidence: NDArray[np.float32],
    scale: float,
    above: list[str],
    below: list[str],
) -> Picture:
    """RGB uint8 `[height, width, 3]`.

    pixels: the slice as it is looked at. evidence: log-odds by place, of the same shape. scale: those in
    the strongest red. above, below: lines of ASCII text.
    """
    factor = max(1.0, MIN_SIDE / min(pixels.shape))
    size = (round(pixels.shape[1] * factor), round(pixels.shape[0] * factor))
    grey = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    places = np.asarray(cv2.resize(evidence, size, interpolation=cv2.INTER_LINEAR), np.float32)
    plain = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)
    halves = [_with_sides(plain), _with_sides(overlay(grey, places, scale))]
    gap = np.zeros((size[1], GAP, 3), np.uint8)
    middle = np.hstack([halves[0], gap, halves[1]])
    footer = _text_band(below, middle.shape[1], reserved=_LEGEND)
    _draw_bar(footer, scale)
    header = _text_band(above, middle.shape[1])
    return np.ascontiguousarray(np.vstack([header, middle, footer])[..., ::-1])


def _with_sides(picture: Picture) -> Picture:
    """R on the patient's right and L on the left: pixels are upright however they were stored."""
    marked, (height, width, _) = picture.copy(), picture.shape
    for letter, left in (("R", 0), ("L", width - 28)):
        top = height // 2 - 16
        marked[top : top + 32, left : left + 28] //= 4  # the letter is seen on white tissue too
        cv2.putText(marked, letter, (left + 5, top + 26), _FONT, 0.9, WHITE, 2, cv2.LINE_AA)
    return marked


def _text_band(lines: list[str], width: int, reserved: int = 0) -> Picture:
    """A black band with lines of text, beside the picture rather than in it. reserved: of the last line."""
    band = np.zeros((LINE_HEIGHT * len(lines) + LINE_HEIGHT // 2, width, 3), np.uint8)
    for number, line in enumerate(lines, 1):
        room = width - 2 * _MARGIN - (reserved if number == len(lines) else 0)
        _draw_text(band, line, (_MARGIN, LINE_HEIGHT * number), room)
    return band


def _draw_text(band: Picture, line: str, place: tuple[int, int], width: int) -> None:
    """Narrower where it would not fit into the width."""
    size = 0.5
    (needed, _), _ = cv2.getTextSize(line, _FONT, size, 1)
    cv2.putText(band, line, place, _FONT, size * min(1.0, width / needed), WHITE, 1, cv2.LINE_AA)


def _draw_bar(band: Picture, scale: float) -> None:
    """What the colours stand for, in the lower right corner."""
    width, height = _BAR
    ramp = np.tile(np.linspace(0, scale, width, dtype=np.float32), (height, 1))
    label = f"{scale:.0f}"
    right, bottom = band.shape[1] - _MARGIN - 9 * len(label), band.shape[0] - LINE_HEIGHT // 2
    band[bottom - height : bottom, right - width - 6 : right - 6] = overlay(
        np.full(ramp.shape, 96, np.uint8), ramp, scale
    )
    cv2.putText(band, label, (right, bottom), _FONT, 0.5, WHITE, 1, cv2.LINE_AA)
    cv2.putText(band, "0", (right - width - 20, bottom), _FONT, 0.5, WHITE, 1, cv2.LINE_AA)
    text = "evidence, log-odds"
    (length, _), _ = cv2.getTextSize(text, _FONT, 0.5, 1)
    cv2.putText(band, text, (right - width - 30 - length, bottom), _FONT, 0.5, WHITE, 1, cv2.LINE_AA)
