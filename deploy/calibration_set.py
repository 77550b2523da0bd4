"""The calibration set: slices of the training split alone, as many of each class."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deploy.trained_runs.trained_run import Parts
from edgect.errors import ScanError
from edgect.model.preprocess.steps import Preprocess
from edgect.scans import read_slice
from train.data.covid_ct import COVID, NOT_COVID, DataError

SIZE = 200


@dataclass(frozen=True)
class CalibrationSet:
    """images: uint8 `[n, H, W]`. paths: relative to the data folder. sha256: of the images' bytes."""

    images: NDArray[np.uint8]
    paths: list[str]

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.images.tobytes()).hexdigest()


def draw(
    training: Parts, data: Path, steps: Sequence[Mapping[str, Any]], count: int | None, seed: int
) -> CalibrationSet:
    """Draw `count` training slices without replacement, half of each class, evenly over the titles.

    Without `count`, `SIZE`, or as many as the rarer class allows.

    A title with too few of a class gives all it has, and the others more. Raises DataError where
    all together have too few, or a slice cannot be read.
    """
    rng = np.random.default_rng(seed)
    paths = []
    if count is None:
        labels = Counter(item.label for items in training.values() for item in items)
        count = min(SIZE, 2 * min(labels[COVID], labels[NOT_COVID]))
    for label in (COVID, NOT_COVID):
        cells = [[item.path for item in items if item.label == label] for items in training.values()]
        for cell, share in zip(cells, even_shares(count // 2, [len(cell) for cell in cells]), strict=True):
            paths += [cell[n] for n in sorted(rng.choice(len(cell), share, replace=False))] if share else []
    return CalibrationSet(_read(paths, data, steps), paths)


def even_shares(count: int, available: Sequence[int]) -> list[int]:
    """How many to take of each, in all `count`: as many of one as of another, as far as there are."""
    if count > sum(available):
        raise DataError(f"{2 * count} calibration slices need {count} of each class; {sum(available)} exist")
    shares = [0] * len(available)
    for _ in range(count):
        left = [n for n, share in enumerate(shares) if share < available[n]]
        shares[min(left, key=lambda n: shares[n])] += 1
    return shares


def all_images(training: Parts, data: Path, steps: Sequence[Mapping[str, Any]]) -> NDArray[np.uint8]:
    """All training slices as the network gets them, uint8 `[n, H, W]`. Raises DataError."""
    return _read(list(dict.fromkeys(i.path for items in training.values() for i in items)), data, steps)


def _read(paths: Sequence[str], data: Path, steps: Sequence[Mapping[str, Any]]) -> NDArray[np.uint8]:
    preprocess = Preprocess(steps)
    try:
        return np.array([preprocess(read_slice(data / path))[0][0] for path in paths], np.uint8)
    except ScanError as error:
        raise DataError(str(error)) from error
