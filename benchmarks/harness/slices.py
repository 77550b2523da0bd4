"""What is measured on: validation slices where the data are at hand, else varied example scans."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edgect.model.bundles.bundle import Bundle
from edgect.model.preprocess.steps import Preprocess
from edgect.scans import read_slice
from train.data.arrangements import arrangement
from train.data.covid_ct import Item
from train.data.sources import read_source

EXAMPLES = Path(__file__).parents[2] / "examples" / "scans"
VARIATIONS = 25


@dataclass(frozen=True)
class Slices:
    """images: uint8 `[n, 1, H, W]`, the network's input. labels: 1 COVID-19, 0 not."""

    source: str
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]


def load(bundle: Bundle, variations: int = VARIATIONS) -> Slices:
    """The validation part the bundle was verified on if EDGECT_DATA names the data, else varied examples."""
    if "EDGECT_DATA" not in os.environ:
        return examples(bundle, variations)
    data = Path(os.environ["EDGECT_DATA"])
    items, source = _validation(bundle, data)
    return _prepared(bundle, data, items, source)


def covid_ct(bundle: Bundle, data: Path, test: bool) -> Slices:
    """COVID-CT's validation part, with `test` Test-1 behind it, as the paper counts them."""
    split = arrangement(1, data)
    source = f"COVID-CT, validation ({len(split.val)} slices)"
    if test:
        return _prepared(
            bundle, data, split.val + split.test, f"{source} and Test-1 ({len(split.test)} slices)"
        )
    return _prepared(bundle, data, split.val, source)


def examples(bundle: Bundle, variations: int = VARIATIONS) -> Slices:
    """Example scans turned, scaled and brightened, each so many times."""
    preprocess = Preprocess(bundle.manifest.input.steps)
    images, labels = [], []
    for number, path in enumerate(sorted(EXAMPLES.iterdir())):
        pixels = read_slice(path)
        for draw in range(variations):
            varied = vary(pixels, np.random.default_rng([number, draw]))
            images.append(preprocess(varied)[0])
            labels.append(int(path.name.startswith("covid")))
    return Slices(f"{variations} variations of each example scan", np.stack(images), np.array(labels))


def _prepared(bundle: Bundle, data: Path, items: Sequence[Item], source: str) -> Slices:
    preprocess = Preprocess(bundle.manifest.input.steps)
    images = [preprocess(read_slice(data / item.path))[0] for item in items]
    return Slices(source, np.stack(images), np.array([item.label for item in items]))


def _validation(bundle: Bundle, data: Path) -> tuple[list[Item], str]:
    training = bundle.manifest.document["training"]
    if "recipe" not in training:
        number = training["arrangement"]
        return arrangement(number, data).val, f"validation part of arrangement {number}"
    names = [name for name, weight in training["recipe"]["sources"].items() if weight > 0]
    items = [item for name in names for item in read_source(name, data).val]
    return items, f"validation parts of {', '.join(names)}"


def vary(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    height, width = pixels.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-15, 15), rng.uniform(0.9, 1.3))
    moved = cv2.warpAffine(pixels, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
    table = np.rint(255 * (np.arange(256) / 255) ** rng.uniform(0.7, 1.4)).astype(np.uint8)
    return table[np.asarray(moved, np.uint8)]
