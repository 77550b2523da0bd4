"""The box round the lungs on an axial slice of the chest, and how dark they are; nothing is learned.

Threshold-based lung segmentation (Hu, Hoffman and Reinhardt 2001, doi 10.1109/42.929615), cut down
to what a crop needs, so that it takes less than a millisecond: a small copy, an optimal threshold,
and connected parts. Pictures carry no Hounsfield units, so levels are found, not given.

`train/data/lung_masks.py` draws the lungs' outline, for evidence and occlusion. That is another task: it
works at twice the size, takes tens of milliseconds, and gives up where an outline cannot be told but a box
can. Networks were trained with the box and measured with the mask, so that neither may change.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgect.model.preprocess.grey_levels import quantiles

Grey = NDArray[np.uint8]
Mask = NDArray[np.bool_]

SIDE = 128  # pixels of the copy that all work is done on, whatever the slice's shape
PADDING = 8  # grey levels: as black as what scanners write where they measured nothing
WHITE = 240
CORNER = 3  # pixels; what is dark in a corner lies outside the patient
MIN_MEAN_DEPTH = 0.1  # of SIDE: the mean depth of what lies along the border, at most
MAX_RIM_PIXELS = 8  # pixels along the field of view's rim; air round the patient has more
GROUND_GLASS = 0.7  # as a place between lung (0) and soft tissue (1); darker than this may be lung
CONTRAST = 10.0  # grey levels that part lungs from tissue at the least
_WHITE_LINE = 0.97 * SIDE  # white pixels, which a row or column of the picture has at most
NEIGHBOUR_DISTANCE, MIN_CORRELATION = (
    4,
    0.3,
)  # pixels; the least correlation of pixels so far apart: 0.1 in noise, 0.5 in slices
WINDPIPE, SPECK = 0.02, 0.005  # of the picture: smaller is no lung, in the middle and elsewhere
MIN_AREA = 0.015  # of the picture that both lungs together must take
MIN_SYMMETRY = 0.75  # how far the box reaches on one side of the body's middle, of the other, at least
MIN_ASPECT = 0.55  # height of the box, of its width, at least, both as shares of the picture


@dataclass(frozen=True)
class LungBox:
    """box: (top, left, height, width) round both lungs, in pixels of the slice.

    air, tissue: grey levels, 0 to 255, of aerated lung (its 10th percentile) and of the soft tissue
    round it (the median).
    """

    box: tuple[int, int, int, int]
    air: float
    tissue: float


def find_lung_box(slice_: Grey) -> LungBox | None:
    """The lungs of a slice, uint8 `[H, W]`, any window and crop in which air is darker than tissue.

    None where there are none, or none that can be told. The box is widened where it would leave
    out a lung, or the part of one, that is filled up and as bright as the tissue round it.
    """
    small = _downscaled(slice_)
    top, left, height, width = _without_white_border(small, slice_.shape)
    if (height, width) != slice_.shape:
        small = _downscaled(slice_[top : top + height, left : left + width])
    outside = _black_outside(small)
    if _share(outside) > 1 - 4 * MIN_AREA:
        return None
    inside = ~outside
    level = otsu(small[inside])
    rim = _rim(outside)
    dark = (small <= level) & inside
    clear_lung = _lung_parts(dark, rim)
    if _share(clear_lung) < MIN_AREA:
        # in a soft tissue window the first level parts bone from tissue, and the next tissue from air
        darker = small[dark]
        level = otsu(darker) if darker.size else level
        dark = (small <= level) & inside
        clear_lung = _lung_parts(dark, rim)
        if _share(clear_lung) < MIN_AREA:
            return None
    bright = inside & ~dark
    (air,), (tissue,) = quantiles(small, 0.1, mask=clear_lung), quantiles(small, 0.5, mask=bright)
    if tissue - air < CONTRAST or _is_noise(small):
        return None
    lungs = clear_lung | _lung_parts((small < math.ceil(air + GROUND_GLASS * (tissue - air))) & inside, rim)
    rows, columns = _widened_box(lungs, bright)
    first, last = rows[0] * height // SIDE, -(-rows[1] * height // SIDE)
    start, end = columns[0] * width // SIDE, -(-columns[1] * width // SIDE)
    return LungBox((top + first, left + start, last - first, end - start), air, tissue)


def otsu(grey: Grey) -> int:
    """The grey level that parts dark from bright best (Otsu 1979); grey: uint8, not empty."""
    return int(cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[0])


def _share(mask: Mask) -> float:
    return np.count_nonzero(mask) / mask.size


def _downscaled(slice_: Grey) -> Grey:
    stride = max(1, min(slice_.shape) // (2 * SIDE))  # averaging every pixel of a large slice takes longest
    small = cv2.resize(slice_[::stride, ::stride], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return _grey(cv2.medianBlur(small, 3))


def _without_white_border(small: Grey, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """The box, in pixels of the slice, that is left without white rows and columns along its border."""
    white, box = (small > WHITE).view(np.uint8), []
    for axis, side in ((1, shape[0]), (0, shape[1])):
        counts = np.asarray(cv2.reduce(white, axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S))
        if counts.max() <= _WHITE_LINE:
            box.append((0, side))
            continue
        kept = np.flatnonzero(counts <= _WHITE_LINE)
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
    black = (small <= PADDING).view(np.uint8)
    framed = cv2.copyMakeBorder(black, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    cv2.floodFill(framed, None, (0, 0), 2)
    return np.asarray(framed[1:-1, 1:-1] == 2)


def _is_noise(small: Grey) -> bool:
    """Whether pixels know nothing of their neighbours; the dark ones of noise look like two lungs."""
    rows = small[::4].astype(np.float64)  # of whole numbers, whose sums are exact
    left, right = rows[:, :-NEIGHBOUR_DISTANCE].ravel(), rows[:, NEIGHBOUR_DISTANCE:].ravel()
    left_sum, right_sum, count = left @ _ONES, right @ _ONES, len(left)
    covariance = left @ right - left_sum * right_sum / count
    spread = (left @ left - left_sum**2 / count) * (right @ right - right_sum**2 / count)
    return bool(covariance < MIN_CORRELATION * math.sqrt(spread))


def _rim(black: Mask) -> Mask | None:
    """The rim of what is black outside, where that takes all corners, as it does round a patient."""
    if not (black[0, 0] and black[0, -1] and black[-1, 0] and black[-1, -1]):
        return None
    return np.asarray(cv2.dilate(black.view(np.uint8), _SQUARE), np.uint8).view(np.bool_)


def _lung_parts(dark: Mask, rim: Mask | None) -> Mask:
    """The dark parts that may be lung: not the air round the patient, windpipe, bowel gas or specks."""
    opened = cv2.dilate(cv2.erode(dark.view(np.uint8), _CROSS), _CROSS)
    count, labels = cv2.connectedComponents(opened, connectivity=4, ltype=cv2.CV_16U)
    if count <= 256:  # bytes are counted and compared faster
        labels = labels.astype(np.uint8)
    area = cv2.calcHist([labels], [0], None, [count], [0, count]).ravel()
    large = area >= SPECK * dark.size
    for rows in (slice(CORNER), slice(-CORNER, None)):
        large[labels[rows, :CORNER]] = large[labels[rows, -CORNER:]] = False
    large[0] = False
    union = np.zeros_like(dark)
    for label in np.flatnonzero(large).tolist():  # a numpy integer would widen what it is held against
        part = np.asarray(labels == label)
        if _may_be_lung(part, float(area[label]), rim):
            union |= part
    return union


def _may_be_lung(part: Mask, area: float, rim: Mask | None) -> bool:
    pixels = part.view(np.uint8)
    if area < WINDPIPE * part.size:
        moments = cv2.moments(pixels)
        if abs(moments["m10"] / area / SIDE - 0.5) < 0.1:
            return False
    if rim is not None and np.count_nonzero(part & rim) > MAX_RIM_PIXELS:
        return False
    left, top, width, height = cv2.boundingRect(pixels)
    at_border = left == 0 or top == 0 or left + width == SIDE or top + height == SIDE
    return not at_border or cv2.norm(_DEPTH, cv2.NORM_L1, pixels) / area >= MIN_MEAN_DEPTH * SIDE


def _widened_box(lungs: Mask, tissue: Mask) -> tuple[tuple[int, int], tuple[int, int]]:
    """Rows and columns of the box, half open."""
    left, top, width, height = cv2.boundingRect(lungs.view(np.uint8))
    right, bottom = left + width, top + height
    first, _, width, _ = cv2.boundingRect((lungs | tissue).view(np.uint8))
    last = first + width
    middle = (first + last) / 2
    reach = MIN_SYMMETRY * max(middle - left, right - middle)
    left, right = min(left, int(middle - reach)), max(right, int(middle + reach) + 1)
    lacking = max(0, int(MIN_ASPECT * (right - left)) - (bottom - top))
    top, bottom = top - lacking // 2, bottom + lacking - lacking // 2
    return (max(top, 0), min(bottom, SIDE)), (max(left, 0), min(right, SIDE))


def _grey(array: object) -> Grey:
    """OpenCV's results, whose type it leaves open."""
    return np.asarray(array, np.uint8)


_CROSS = _grey(cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)))
_SQUARE = np.ones((5, 5), np.uint8)
_LINE = np.minimum(np.arange(SIDE), np.arange(SIDE)[::-1]).astype(np.uint8)
_DEPTH = np.minimum(_LINE[:, None], _LINE)
_ONES = np.ones(SIDE // 4 * (SIDE - NEIGHBOUR_DISTANCE))
