"""Occlusion: slices with a part of their content taken away, to find out what a network depends on.

Each alteration takes a slice, uint8 `[H, W]`, and its lungs, bool `[H, W]` as `train.data.lung_masks.mask`
finds them, and returns a new uint8 `[H, W]`. A slice without lungs comes back as it was from
`lungs_blanked` and in one grey level from `only_lungs`. Raises ValueError when the shapes differ.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from edgect.model.preprocess.lung_box import otsu
from train.data.lung_masks import disc, without_frame

Grey = NDArray[np.uint8]
Mask = NDArray[np.bool_]

WIDER = 0.03  # of the slice's side, by which the blanked area exceeds the lungs
TISSUE = 220  # one level for all slices, the usual grey of soft tissue in COVID-CT
CONTRAST = 80  # grey levels by which drawn marks differ from what is round them
RIM = 0.15  # of the slice's side: where letters and rulers are looked for
LETTER = 0.25  # of the slice's side: the longest mark that is painted over
RARE = 0.02  # of the body: black or white above this share comes from the window, not from a pen


def lungs_blanked(slice_: Grey, lungs: Mask) -> Grey:
    """Everything kept but the lungs, which get the median grey of the rest of the body.

    The blanked area is wider than the lungs by 3 % of the side on all sides, which takes away the
    pleura and blunts the outline, but an outline of the lungs remains, and with it their size
    and shape.
    """
    _check(slice_, lungs)
    blank = cv2.dilate(lungs.astype(np.uint8), disc(_odd(2 * WIDER, slice_))) > 0
    rest = body(slice_, lungs) & ~blank
    altered = slice_.copy()
    altered[blank] = np.median(slice_[rest]) if rest.any() else TISSUE
    return altered


def only_lungs(slice_: Grey, lungs: Mask) -> Grey:
    """The lungs kept, all else in one grey level, the same for every slice."""
    _check(slice_, lungs)
    return np.where(lungs, slice_, np.uint8(TISSUE))


def border_and_text_removed(slice_: Grey, lungs: Mask) -> Grey:
    """The body alone: black outside it; letters, rulers and arrows painted over (Telea 2004).

    Marks are small, and differ sharply from what is round them: dark things along the rim outside
    the lungs, and anywhere what is drawn in a pure black or white that is rare in the body. Grey
    arrows, and white ones in a window that clips many pixels, stay; specks of calcium may go.
    """
    _check(slice_, lungs)
    inside = body(slice_, lungs)
    marks = np.asarray(cv2.dilate(_marks(slice_, lungs, inside).astype(np.uint8), disc(5)), bool)
    # painting from the inside: what lies outside the body is black first
    bare = np.where(inside, slice_, np.uint8(0))
    painted = cv2.inpaint(bare, (marks & inside).astype(np.uint8), 3, cv2.INPAINT_TELEA)
    return np.asarray(painted, np.uint8)


ALTERATIONS: dict[str, Callable[[Grey, Mask], Grey]] = {
    "lungs_blanked": lungs_blanked,
    "only_lungs": only_lungs,
    "border_and_text_removed": border_and_text_removed,
}


def body(slice_: Grey, lungs: Mask) -> Mask:
    """The patient, bool `[H, W]`: the convex hull of the largest bright part, and the lungs."""
    _check(slice_, lungs)
    inside = np.zeros(slice_.shape, bool)
    inner = without_frame(slice_)
    picture = slice_[inner]
    if not picture.size:
        return inside
    tissue = (cv2.medianBlur(np.ascontiguousarray(picture), 5) > otsu(picture)) | lungs[inner]
    opened = cv2.morphologyEx(tissue.astype(np.uint8), cv2.MORPH_OPEN, disc(_odd(0.03, slice_)))
    outlines, _ = cv2.findContours(opened, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros(picture.shape, np.uint8)
    if outlines:
        # convex, so that dark letters at the rim of a tight crop do not bite into it
        cv2.fillConvexPoly(filled, cv2.convexHull(max(outlines, key=cv2.contourArea)), 1)
    inside[inner] = filled > 0
    return inside | lungs


def _marks(slice_: Grey, lungs: Mask, inside: Mask) -> Mask:
    kernel = disc(_odd(0.08, slice_))
    lighter = cv2.morphologyEx(slice_, cv2.MORPH_TOPHAT, kernel) > CONTRAST
    darker = cv2.morphologyEx(slice_, cv2.MORPH_BLACKHAT, kernel) > CONTRAST
    height, width = slice_.shape
    rim = ~lungs
    top, left = int(RIM * height), int(RIM * width)
    rim[top : height - top, left : width - left] = False
    marks = darker & rim  # light marks there can't be told from ribs
    for hat, extreme in ((lighter, slice_ >= 250), (darker, slice_ <= 5)):
        if inside.any() and extreme[inside].mean() < RARE:
            marks |= hat & extreme
    # skin and bone at the rim stand out as letters do, but run on
    _, labels, stats, _ = cv2.connectedComponentsWithStats(marks.astype(np.uint8), connectivity=8)
    longest = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(1)
    small = longest <= LETTER * min(slice_.shape)
    small[0] = False
    return np.asarray(small[labels])


def _odd(share: float, slice_: Grey) -> int:
    """A kernel's side: the share of the slice's shorter side, odd."""
    return 2 * int(share * min(slice_.shape) / 2 + 0.5) + 1


def _check(slice_: Grey, lungs: Mask) -> None:
    if slice_.shape != lungs.shape:
        raise ValueError(f"slice {slice_.shape} and lungs {lungs.shape} differ in shape")
