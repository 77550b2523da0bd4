"""Where a network looks, and what it can tell without lungs, on the test part of every source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from edgect.errors import ScanError
from edgect.model.preprocess.steps import Preprocess, Resize
from edgect.scans import read_slice
from train.analysis.evidence import evidence_in_lungs, occlusion_aucs
from train.data import lung_masks
from train.data.covid_ct import COVID, DataError, Item
from train.data.sources import read_source, released
from train.multi_source.crops import Crops, Size, preprocessing_steps
from train.multi_source.run import MultiSourceRun
from train.run import Run

Images = NDArray[np.uint8]
Masks = NDArray[np.bool_]

OUTLINE_SIZE = (262, 358)  # size of the crop that the lungs of a whole slice are outlined on


def measure_source_evidence(run: Run, data: Path, cache: Path | None = None) -> dict[str, Any]:
    """`in_lungs` and `auc` of `train.analysis.evidence.measure_evidence`, of sources with COVID-19.

    For networks of whole slices too, as the paper's are; their lungs are those found on the crop, laid
    back on the slice, so that all networks are judged by lungs found one way. Slices on which none are
    found are counted in `without_lungs` and left out.
    """
    network, sources = run.network(), {}
    for name in released():
        items = read_source(name, data).test
        if not any(item.label == COVID for item in items):
            continue
        images, masks = _seen(run, items, data, cache)
        with_lungs = np.flatnonzero(masks.any((1, 2)))
        chosen = [items[int(place)] for place in with_lungs]
        sources[name] = {
            "images": len(items),
            "without_lungs": len(items) - len(with_lungs),
            "in_lungs": evidence_in_lungs(network, images[with_lungs], masks[with_lungs], chosen),
            "auc": occlusion_aucs(network, images[with_lungs], masks[with_lungs], chosen),
        }
    return {"part": "test", "sources": sources}


def _seen(run: Run, items: Sequence[Item], data: Path, cache: Path | None) -> tuple[Images, Masks]:
    if not isinstance(run, MultiSourceRun):
        side = run.settings().image_size
        return whole_slices(items, data, (side, side))
    recipe = run.recipe()
    if not recipe.crop:
        return whole_slices(items, data, recipe.image_size)
    crops = Crops.read(items, data, recipe.image_size, cache)
    return crops.images, crops.lungs


def whole_slices(items: Sequence[Item], data: Path, size: Size) -> tuple[Images, Masks]:
    """Slices resized without a crop, uint8 `[n, h, w]`, and their lungs, bool.

    Raises DataError naming the first unreadable file.
    """
    preprocess, resize = Preprocess(preprocessing_steps(OUTLINE_SIZE)), Resize(*size)
    images = np.empty((len(items), *size), np.uint8)
    masks = np.zeros((len(items), *size), bool)
    for number, item in enumerate(tqdm(items, desc="finding lungs", unit="slice", leave=False, disable=None)):
        try:
            pixels = read_slice(data / item.path)
        except ScanError as error:
            raise DataError(str(error)) from error
        crop, placement = preprocess(pixels)
        images[number] = resize(pixels, placement)[0]
        if placement.region == "lungs":
            on_slice = placement.to_slice(lung_masks.mask(crop[0]).astype(np.float32))
            masks[number] = cv2.resize(on_slice, size[::-1], interpolation=cv2.INTER_AREA) > 0.5
    return images, masks
