"""The calibration set: slices of the training split alone, as many of each class."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from train.arrangements import Arrangement
from train.covid_ct import COVID, NOT_COVID
from train.images import load


@dataclass(frozen=True)
class CalibrationSet:
    """images: uint8 `[n, H, W]`. paths: relative to the data folder. sha256: of the images' bytes."""

    images: NDArray[np.uint8]
    paths: list[str]

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.images.tobytes()).hexdigest()


def draw(split: Arrangement, data: Path, image_size: int, count: int, seed: int) -> CalibrationSet:
    """Draw `count` training slices, half of each class, without replacement."""
    rng = np.random.default_rng(seed)
    items = []
    for label in (COVID, NOT_COVID):
        of_class = [item for item in split.train if item.label == label]
        if count // 2 > len(of_class):
            raise ValueError(
                f"{count} calibration slices need {count // 2} of each class; {len(of_class)} exist"
            )
        items += [of_class[i] for i in sorted(rng.choice(len(of_class), count // 2, replace=False))]
    return CalibrationSet(load(items, data, image_size), [item.path for item in items])
