"""What the tests of `train multi-source` share: a small recipe, and crops drawn by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.sources_folder import GRADES
from train.data.covid_ct import COVID, NOT_COVID, Item
from train.data.sources import read_source
from train.multi_source.crops import AIR, TISSUE, Crops
from train.multi_source.recipe import Recipe

SIZE = (67, 83)
WEIGHTS = {"sars-cov-2-ct": 1.0, "mosmed": 1.0, "luna-slices": 0.5}
RECIPE = Recipe(
    sources=WEIGHTS, image_size=SIZE, steps=5, warm_up=2, batch_size=4, precision="fp32", threads=1
)
PLAIN = {
    "transplants": 0.0,
    "blanked": 0.0,
    "outside": 0.0,
    "geometric": False,
    "intensity": False,
}  # of a sample nothing is changed


def recipe(**changes: Any) -> Recipe:
    return replace(RECIPE, **changes)


def training_items(data: Path, names: Sequence[str] = tuple(WEIGHTS)) -> list[Item]:
    return [item for name in names for item in read_source(name, data).train]


def draw_crop(
    opacity: tuple[int, int] | None = None, vessels: bool = False, size: tuple[int, int] = (131, 179)
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """A crop, uint8 `[h, w]`, and its lungs. opacity: the (x, y) middle of a round one."""
    height, width = size
    lungs = np.zeros(size, np.uint8)
    for x in (width // 4, 3 * width // 4):
        cv2.ellipse(lungs, (x, height // 2), (width // 6, 2 * height // 5), 0, 0, 360, 1, -1)
    image = np.where(lungs > 0, AIR, TISSUE).astype(np.uint8)
    if vessels:
        for row in range(height // 4, 3 * height // 4, 9):
            cv2.line(image, (width // 8, row), (3 * width // 8, row + 4), TISSUE, 2)
    if opacity:
        cv2.circle(image, opacity, height // 8, 150, -1)
    image[lungs == 0] = TISSUE
    return image, lungs > 0


def crops_of(counts: Mapping[str, int], images: NDArray[np.uint8] | None = None, lungs: Any = None) -> Crops:
    """Crops of so many slices from each folder; without `images`, the grey level is the place."""
    items = [_item(folder, number) for folder, count in counts.items() for number in range(count)]
    if images is None:
        images = np.broadcast_to(np.arange(len(items), dtype=np.uint8)[:, None, None], (len(items), 8, 8))
    if lungs is None:
        lungs = np.zeros(images.shape, bool)
    return Crops(items, images.copy(), lungs, lungs.any((1, 2)))


def _item(folder: str, number: int) -> Item:
    """Of mosmed/CT-1 the mild ones, rarer and with a target of their own; of CT-0 and luna-slices clear."""
    source, group = folder.split("/")
    return Item(
        f"{folder}/{number}.png",
        COVID if group == "COVID" or GRADES.get(group) == COVID else NOT_COVID,
        f"{folder} {number}",
        source,
        group,
        weight=0.25 if group == "CT-1" else 1.0,
        target=0.75 if group == "CT-1" else None,
        clear=group == "CT-0" or source == "luna-slices",
    )
