"""The lungs' outline on an axial chest slice, by thresholds and shapes alone (nothing is learned).

The steps are those of threshold-based lung segmentation (Hu, Hoffman and Reinhardt 2001, doi
10.1109/42.929615): an optimal threshold, connected parts, closing along the borders; changed where
pictures from papers have no Hounsfield units and crops that cut through the chest.

`edgect/model/preprocess/lung_box.py`, which crops the network's input, finds the box alone: at half the size,
without closing, and in half a millisecond, where a mask takes tens of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from edgect.model.preprocess.lung_box import otsu

SIDE = 256  # all work is done at this size, so that one set of lengths fits every picture
GROUND_GLASS = 0.7  # as a place between lung (0) and soft tissue (1); darker than this is lung
SMEAR = 3  # pixels
CORNER = 6  # pixels; what is dark in a corner is the air round the body
CONTRAST = 10  # grey levels that part lungs from tissue at the least; noise does not make them
WINDPIPE, SPECK = 0.025, 0.006  # of the picture's area: smaller is no lung, in the middle and elsewhere
LARGE = 0.03  # of the picture's area: a hazy part of this size is lung without any clear lung in it
LEAST = 0.015  # of the picture's area that both lungs together must take


def mask(slice_: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """The lungs with their vessels and lesions, bool `[H, W]`; all False where none is found.

    slice_: uint8 `[H, W]`, any window and crop in which air is darker than tissue.
    """
    height, width = slice_.shape
    lungs = np.zeros((SIDE, SIDE), bool)
    small = cv2.resize(slice_, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    small = cv2.medianBlur(small, 5)  # noise and thin letters
    inside = without_frame(_grey(small))
    picture = _grey(small[inside])
    if min(picture.shape) >= SIDE // 4:
        lungs[inside] = _lungs(picture)
    if lungs.mean() < LEAST:
        lungs[:] = False
    return cv2.resize(lungs.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0


def without_frame(picture: NDArray[np.uint8]) -> tuple[slice, slice]:
    """What is left without the white or black rows and columns round a figure."""
    inner = []
    for axis in (1, 0):
        plain = ((picture > 240).mean(axis) > 0.97) | ((picture < 8).mean(axis) > 0.97)
        lines = np.flatnonzero(~plain)
        first, end = (int(lines[0]), int(lines[-1]) + 1) if len(lines) else (0, 0)
        # the frame's edge, smeared by resizing, would part the air from the border
        inner.append(slice(first and first + SMEAR, end if end == len(plain) else max(end - SMEAR, 0)))
    return inner[0], inner[1]


def _lungs(picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    level = otsu(picture)
    sure = _union(_parts(picture <= level), picture.shape)
    if sure.mean() < LEAST and (picture <= level).any():
        # in a soft tissue window the first level parts bone from tissue, and the next tissue from air
        level = otsu(picture[picture <= level])
        sure = _union(_parts(picture <= level), picture.shape)
    if sure.mean() < LEAST:
        return np.zeros(picture.shape, bool)
    air, tissue = np.median(picture[sure]), np.median(picture[picture > level])
    if tissue - air < CONTRAST:
        return np.zeros(picture.shape, bool)
    lungs = sure.copy()
    for part in _parts(picture < air + GROUND_GLASS * (tissue - air)):
        if (part & sure).any() or part.mean() > LARGE:
            lungs |= part
    middle = _middle(lungs)
    halves = [_filled(lungs[:, :middle][:, ::-1])[:, ::-1], _filled(lungs[:, middle:])]
    return np.hstack(halves)


def _union(parts: Iterable[NDArray[np.bool_]], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    union = np.zeros(shape, bool)
    for part in parts:
        union |= part
    return union


def _parts(dark: NDArray[np.bool_]) -> Iterator[NDArray[np.bool_]]:
    """The dark parts that may be lung: not the air around the body, windpipe, bowel gas or specks."""
    opened = cv2.morphologyEx(dark.astype(np.uint8), cv2.MORPH_OPEN, disc(3))
    height, width = dark.shape
    count, labels, stats, centres = cv2.connectedComponentsWithStats(opened, connectivity=4)
    y, x = np.mgrid[:height, :width]
    depth = np.minimum(np.minimum(y, height - 1 - y), np.minimum(x, width - 1 - x))
    ends = np.r_[:CORNER, -CORNER:0]
    corners = set(np.unique(labels[np.ix_(ends, ends)]).tolist())
    for label in range(1, count):
        central = abs(centres[label][0] / width - 0.5) < 0.1
        least = WINDPIPE if central else SPECK
        if label in corners or stats[label, cv2.CC_STAT_AREA] < least * dark.size:
            continue
        part = labels == label
        shallow = depth[part].min() == 0 and depth[part].mean() < 0.1 * SIDE
        if not shallow:
            yield part


def _middle(lungs: NDArray[np.bool_]) -> int:
    """The column between the lungs: of the middle third, the one with the least lung."""
    third: int = lungs.shape[1] // 3
    heights = cv2.blur(lungs.sum(0, dtype=np.float32)[None], (9, 1))[0]
    return third + int(np.argmin(np.asarray(heights[third : 2 * third])))


def _filled(lung: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """One lung, the body's middle to its left, with what lies in it and along the chest wall."""
    margin = SIDE // 8
    padded = np.pad(lung.astype(np.uint8), margin)
    closed = _grey(cv2.morphologyEx(padded, cv2.MORPH_CLOSE, disc(17)))
    outlines, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return lung
    cv2.drawContours(closed, outlines, -1, 1, cv2.FILLED)
    hull = np.zeros_like(closed)
    cv2.fillConvexPoly(hull, cv2.convexHull(np.vstack(outlines)), 1)
    has_lung_inward = np.maximum.accumulate(closed, axis=1) > 0
    count, pockets = cv2.connectedComponents(hull & (1 - closed))
    for label in range(1, count):
        pocket = pockets == label
        if has_lung_inward[pocket].mean() > 0.5 and pocket.sum() < 0.25 * closed.sum():
            closed[pocket] = 1
    return np.asarray(closed[margin:-margin, margin:-margin] > 0)


def disc(size: int) -> NDArray[np.uint8]:
    """A structuring element, uint8 `[size, size]`."""
    return _grey(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))


def _grey(array: object) -> NDArray[np.uint8]:
    """OpenCV's results, whose type it leaves open."""
    return np.asarray(array, np.uint8)
