"""Slices as the network sees them, cropped to the lungs, with the lungs' outlines for training."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from edgect.errors import ScanError
from edgect.machine import atomic
from edgect.model.preprocess.steps import Preprocess
from edgect.scans import read_slice
from train.data import lung_masks
from train.data.covid_ct import DataError, Item

AIR, TISSUE = 32, 208  # grey levels of lung and soft tissue; what is darker or brighter keeps room
MARGIN = 0.06

Size = tuple[int, int]


def preprocessing_steps(size: Size, crop: bool = True) -> list[dict[str, object]]:
    """Pre-processing of the default network. size: (height, width) of its input in pixels."""
    lungs_step = {"step": "lungs", "margin": MARGIN, "air": AIR, "tissue": TISSUE}
    resize = {"step": "resize", "height": size[0], "width": size[1]}
    return [lungs_step, resize] if crop else [resize]


@dataclass(frozen=True)
class Crops:
    """images: uint8 `[n, h, w]`; lungs: bool, the same shape, all False where none are found.

    items: in the same order; cropped: bool `[n]`, whether lungs were found to crop to.
    """

    items: list[Item]
    images: NDArray[np.uint8]
    lungs: NDArray[np.bool_]
    cropped: NDArray[np.bool_]

    @classmethod
    def read(
        cls, items: Sequence[Item], data: Path, size: Size, cache: Path | None = None, crop: bool = True
    ) -> Crops:
        """Read, crop and outline; kept in the folder `cache`, where one is given, for the next time.

        Without `crop` it is whole slices, without outlines, for comparison.

        Raises DataError naming the first unreadable file.
        """
        paths = [item.path for item in items]
        key = hashlib.sha256(json.dumps([preprocessing_steps(size, crop), paths]).encode()).hexdigest()[:16]
        file = cache / f"crops-{key}.npz" if cache else None
        if file and file.exists():
            with np.load(file) as cached:
                return cls(list(items), cached["images"], cached["lungs"], cached["cropped"])
        crops = cls._compute(items, data, size, crop)
        if file:
            file.parent.mkdir(parents=True, exist_ok=True)
            with atomic.replacing(file, durable=False) as output:
                np.savez(output, images=crops.images, lungs=crops.lungs, cropped=crops.cropped)
        return crops

    @classmethod
    def _compute(cls, items: Sequence[Item], data: Path, size: Size, crop: bool) -> Crops:
        preprocess = Preprocess(preprocessing_steps(size, crop))
        images = np.empty((len(items), *size), np.uint8)
        masks = np.zeros((len(items), *size), bool)
        cropped = np.zeros(len(items), bool)
        progress = tqdm(items, desc="cropping slices", unit="slice", leave=False, disable=None)
        for number, item in enumerate(progress):
            try:
                input_, placement = preprocess(read_slice(data / item.path))
            except ScanError as error:
                raise DataError(str(error)) from error
            images[number], cropped[number] = input_[0], placement.region == "lungs"
            if cropped[number]:
                masks[number] = lung_masks.mask(images[number])
        return cls(list(items), images, masks, cropped)

    def select(self, places: NDArray[np.intp]) -> Crops:
        """Some of the slices, by their places."""
        items = [self.items[int(place)] for place in places]
        return Crops(items, self.images[places], self.lungs[places], self.cropped[places])
