"""Slices of a split as one array, read and resized by edgect itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from edgect.errors import ScanError
from edgect.model.preprocess.steps import Preprocess
from edgect.scans import read_slice
from train.data.arrangements import Arrangement
from train.data.covid_ct import DataError, Item


def preprocessing_steps(image_size: int) -> list[dict[str, object]]:
    """The pre-processing of the paper's networks: the whole slice, resized."""
    return [{"step": "resize", "height": image_size, "width": image_size}]


def load_images(items: Sequence[Item], data: Path, image_size: int) -> NDArray[np.uint8]:
    """uint8 `[len(items), size, size]`. Raises DataError naming the first unreadable file."""
    preprocess = Preprocess(preprocessing_steps(image_size))
    images = np.empty((len(items), image_size, image_size), np.uint8)
    progress = tqdm(items, desc="reading slices", unit="slice", leave=False, disable=None)
    for number, item in enumerate(progress):
        try:
            images[number] = preprocess(read_slice(data / item.path))[0][0]
        except ScanError as error:
            raise DataError(str(error)) from error
    return images


@dataclass(frozen=True)
class Slices:
    """What training sees of a split. images: uint8 `[n, H, W]`; labels: int64 `[n]`, 1 COVID-19."""

    images: NDArray[np.uint8]
    labels: torch.Tensor
    val_images: NDArray[np.uint8]
    val_labels: torch.Tensor

    @classmethod
    def read(cls, split: Arrangement, data: Path, image_size: int) -> Slices:
        """Training and validation part. Raises DataError as `load` does."""
        return cls(
            load_images(split.train, data, image_size),
            torch.tensor([item.label for item in split.train]),
            load_images(split.val, data, image_size),
            torch.tensor([item.label for item in split.val]),
        )

    def grey_levels(self) -> tuple[float, float]:
        """Mean and standard deviation of the training slices, in 0 to 1."""
        return float(self.images.mean() / 255), float(self.images.std() / 255)
