"""Where the lungs lie on an axial slice of the chest, and how dark they are; nothing is learned.

Threshold-based lung segmentation (Hu, Hoffman and Reinhardt 2001, doi 10.1109/42.929615), cut down
to what a crop needs, so that it takes less than a millisecond: a small copy, an optimal threshold,
and connected parts. Pictures carry no Hounsfield units, so levels are found, not given.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Mask = NDArray[np.bool_]

SIDE = 128  # pixels of the copy that all work is done on, whatever the slice's shape
PADDING = 8  # grey levels: as black as what scanners write where they measured nothing
WHITE = 240
CORNER = 3  # pixels; what is dark in a corner lies outside the patient
SHALLOW = 0.1  # of SIDE: the mean depth of what lies along the border, at most
TOUCHING = 8  # pixels along the field of view's rim; air round the patient has more
GROUND_GLASS = 0.7  # as a place between lung (0) and soft tissue (1); darker than this may be lung
CONTRAST = 10.0  # grey levels that part lungs from tissue at the least
APART, ALIKE = 4, 0.3  # pixels; the least correlation of pixels so far apart: 0.1 in noise, 0.5 in slices
WINDPIPE, SPECK = 0.02, 0.005  # of the picture: smaller is no lung, in the middle and elsewhere
LEAST = 0.015  # of the picture that both lungs together must take
ONE_SIDED = 0.75  # how far the box reaches on one side of the body's middle, of the other, at least
FLAT = 0.55  # height of the box, of its width, at least, both as shares of the picture


@dataclass(frozen=True)
class Lungs:
    """box: (top, left, height, width) round both lungs, in pixels of the slice.

    air, tissue: grey levels, 0 to 255, of aerated lung (its 10th percentile) and of the soft tissue
    round it (the median).
    """

    box: tuple[int, int, int, int]
    air: float
    tissue: float


def find(slice_: Grey) -> Lungs | None:
    """The lungs of a slice, uint8 `[H, W]`, any window and crop in which air is darker than tissue.

    None where there are none, or none that can be told. The box is widened where it would leave
    out a lung, or the part of one, that is filled up and as bright as the tissue round it.
    """
    small = _small(slice_)
    top, left, height, width = _picture(small, slice_.shape)
    if (height, width) != slice_.shape:
        small = _small(slice_[top : top + height, left : left + width])
    outside = _black_outside(small)
    if outside.mean() > 1 - 4 * LEAST:
        return None
    level = otsu(small[~outside])
    rim = _rim(outside)
    sure = _parts((small <= level) & ~outside, rim)
    if sure.mean() < LEAST:
        # in a soft tissue window the first level parts bone from tissue, and the next tissue from air
        darker = small[(small <= level) & ~outside]
        level = otsu(darker) if darker.size else level
        sure = _parts((small <= level) & ~outside, rim)
        if sure.mean() < LEAST:
            return None
    air = _quantile(small[sure], 0.1)
    tissue = _quantile(small[(small > level) & ~outside], 0.5)
    if tissue - air < CONTRAST or _noise(small):
        return None
    lungs = sure | _parts((small < air + GROUND_GLASS * (tissue - air)) & ~outside, rim)
    rows, columns = _widened(lungs, (small > level) & ~outside)
    first, last = rows[0] * height // SIDE, -(-rows[1] * height // SIDE)
    start, end = columns[0] * width // SIDE, -(-columns[1] * width // SIDE)
    return Lungs((top + first, left + start, last - first, end - start), air, tissue)


def otsu(grey: Grey) -> float:
    """The grey level that parts dark from bright best (Otsu 1979); grey: uint8, not empty."""
    return cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[0]


def _quantile(grey: Grey, share: float) -> float:
    """As numpy's, which takes five times as long: bytes are sorted by counting. NaN of nothing."""
    levels = np.sort(grey, kind="stable")
    if not len(levels):
        return math.nan
    place = share * (len(levels) - 1)
    low, high = int(levels[int(place)]), int(levels[math.ceil(place)])
    part = place % 1
    return low + (high - low) * part if part < 0.5 else high - (high - low) * (1 - part)


def _small(slice_: Grey) -> Grey:
    stride = max(1, min(slice_.shape) // (2 * SIDE))  # averaging every pixel of a large slice takes longest
    small = cv2.resize(slice_[::stride, ::stride], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return _grey(cv2.medianBlur(small, 3))


def _picture(small: Grey, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """The box, in pixels of the slice, that is left without white rows and columns along its border."""
    white, box = small > WHITE, []
    for axis, side in ((1, shape[0]), (0, shape[1])):
        kept = np.flatnonzero(white.mean(axis) <= 0.97)
        first, end = (int(kept[0]), int(kept[-1]) + 1) if len(kept) else (0, SIDE)
        # the frame's edge is smeared by resizing
        first, end = first and first + 1, end if end == SIDE else end - 1
        box.append((first * side // SIDE, -(-end * side // SIDE)))
    (top, bottom), (left, right) = box
    if min(bottom - top, right - left) < SIDE // 4:
        return 0, 0, shape[0], shape[1]
    return top, left, bottom - top, right - left


def _black_outside(small: Grey) -> Mask:
    """What is black from the border on: padding, the air round the patient, a figure's frame."""
    _, labels = cv2.connectedComponents((small <= PADDING).astype(np.uint8), connectivity=4)
    at_border = np.zeros(labels.max() + 1, bool)
    for line in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        at_border[line] = True
    at_border[0] = False
    return np.asarray(at_border.take(np.asarray(labels)))


def _noise(small: Grey) -> bool:
    """Whether pixels know nothing of their neighbours; the dark ones of noise look like two lungs."""
    left, right = small[::4, :-APART].ravel(), small[::4, APART:].ravel()
    return bool(np.corrcoef(left, right)[0, 1] < ALIKE)


def _rim(black: Mask) -> Mask:
    """The rim of what is black outside, where that takes all corners, as it does round a patient."""
    if not black[[0, 0, -1, -1], [0, -1, 0, -1]].all():
        return np.zeros_like(black)
    return np.asarray(cv2.dilate(black.astype(np.uint8), np.ones((5, 5), np.uint8)), bool)


def _parts(dark: Mask, rim: Mask) -> Mask:
    """The dark parts that may be lung: not the air round the patient, windpipe, bowel gas or specks."""
    opened = cv2.morphologyEx(dark.astype(np.uint8), cv2.MORPH_OPEN, _CROSS)
    count, labels, stats, centres = cv2.connectedComponentsWithStats(opened, connectivity=4, ltype=cv2.CV_16U)
    area = stats[:, cv2.CC_STAT_AREA]
    central = abs(centres[:, 0] / SIDE - 0.5) < 0.1
    kept = area >= np.where(central, WINDPIPE, SPECK) * dark.size
    kept[labels[_ENDS]] = False
    kept[0] = False
    if rim.any():
        kept &= np.bincount(labels[rim], minlength=count) <= TOUCHING
    left, top = stats[:, cv2.CC_STAT_LEFT], stats[:, cv2.CC_STAT_TOP]
    right, bottom = left + stats[:, cv2.CC_STAT_WIDTH], top + stats[:, cv2.CC_STAT_HEIGHT]
    at_border = (left == 0) | (top == 0) | (right == SIDE) | (bottom == SIDE)
    for label in np.flatnonzero(kept & at_border):
        kept[label] = _DEPTH[labels == label].mean() >= SHALLOW * SIDE
    return np.asarray(kept.take(np.asarray(labels)))


def _widened(lungs: Mask, tissue: Mask) -> tuple[tuple[int, int], tuple[int, int]]:
    """Rows and columns of the box, half open."""
    top, bottom = _ends(lungs, 1)
    left, right = _ends(lungs, 0)
    first, last = _ends(lungs | tissue, 0)
    middle = (first + last) / 2
    reach = ONE_SIDED * max(middle - left, right - middle)
    left, right = min(left, int(middle - reach)), max(right, int(middle + reach) + 1)
    lacking = max(0, int(FLAT * (right - left)) - (bottom - top))
    top, bottom = top - lacking // 2, bottom + lacking - lacking // 2
    return (max(top, 0), min(bottom, SIDE)), (max(left, 0), min(right, SIDE))


def _ends(mask: Mask, axis: int) -> tuple[int, int]:
    places = np.flatnonzero(mask.any(axis))
    return int(places[0]), int(places[-1]) + 1


def _grey(array: object) -> Grey:
    """OpenCV's results, whose type it leaves open."""
    return np.asarray(array, np.uint8)


_CROSS = _grey(cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)))
_ENDS = np.ix_(np.r_[:CORNER, -CORNER:0], np.r_[:CORNER, -CORNER:0])
_LINE = np.minimum(np.arange(SIDE), np.arange(SIDE)[::-1])
_DEPTH = np.minimum(_LINE[:, None], _LINE)
