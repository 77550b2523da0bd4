"""Where a network finds its evidence, and what it can still tell when a part of the slice is gone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from edgect.statistics.intervals import interval_of_mean
from edgect.statistics.metrics import intervals
from edgect.statistics.roc import auc
from train.data import lung_masks
from train.data.covid_ct import COVID, Item
from train.data.images import load_images
from train.data.occlusion import ALTERATIONS
from train.networks import predict
from train.networks.architectures import Network
from train.run import Run

Grey = NDArray[np.uint8]
Masks = NDArray[np.bool_]

BATCH = 32


def measure_evidence(run: Run, items: Sequence[Item], data: Path) -> dict[str, Any]:
    """How much of a network's evidence lies in the lungs, and its AUC without parts of the slices.

    Lungs are those that `train.data.lung_masks` finds on the network's input; slices without are counted
    in `without_lungs` and left out of everything below, so that all figures are of the same slices.

    - `in_lungs`: for the slices of COVID-19 (`covid`), of others (`not_covid`) and `all`, the part of
      the evidence for COVID-19 that lies in the lungs, and for `not_covid_against` that of the
      evidence against it on the others' slices. `share` is the mean over slices, 0 to 1; `area` that of
      the part of the picture that the lungs take, which an even map would give; `slices` and
      `without_evidence` count those in the mean and those without any such evidence.
    - `auc`: of the slices `as_is` and under each of `train.data.occlusion.ALTERATIONS`.

    Intervals are 95 % intervals by patient, [low, high]; what no slice is left for is None, and the
    interval too where one patient is left.
    The result can be written as JSON and is the same in every run on one machine. Raises RunError
    for an unfinished run, DataError for missing images.
    """
    network = run.network()
    images = load_images(items, data, run.settings().image_size)
    progress = tqdm(images, desc="finding lungs", unit="slice", leave=False, disable=None)
    masks = np.array([lung_masks.mask(image) for image in progress], bool).reshape(images.shape)
    with_lungs = np.flatnonzero(masks.any((1, 2)))
    result = {
        "images": len(images),
        "patients": len({item.patient for item in items}),
        "without_lungs": len(images) - len(with_lungs),
    }
    items, images, masks = [items[int(index)] for index in with_lungs], images[with_lungs], masks[with_lungs]
    return {
        **result,
        "in_lungs": evidence_in_lungs(network, images, masks, items),
        "auc": occlusion_aucs(network, images, masks, items),
    }


def evidence_maps(network: Network, images: Grey) -> NDArray[np.float32]:
    """The log-odds of COVID-19 by place, float32 `[n, H, W]` over images, uint8 `[n, H, W]`.

    The difference of the two class activation maps (Zhou et al. 2016), which averages to the
    log-odds but for the bias, laid over the input by linear interpolation.
    """
    network.eval()
    maps = np.empty(images.shape, np.float32)
    size = images.shape[:0:-1]
    starts = range(0, len(images), BATCH)
    for start in tqdm(starts, desc="class maps", unit="batch", leave=False, disable=None):
        with torch.inference_mode():
            cam = network(torch.from_numpy(images[start : start + BATCH]).unsqueeze(1))[1].numpy()
        for number, small in enumerate(cam[:, 1] - cam[:, 0], start):
            maps[number] = cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)
    return maps


def share_inside(maps: NDArray[np.float32], masks: Masks) -> NDArray[np.float64]:
    """Of each map's positive part, the share inside its mask, 0 to 1; NaN without a positive part.

    maps: float32 `[n, H, W]`; masks: bool, the same shape. Returns float64 `[n]`.
    """
    positive = np.maximum(maps, 0).astype(np.float64)
    total = positive.sum((1, 2))
    inside = np.where(masks, positive, 0).sum((1, 2))
    shares = np.full(len(maps), np.nan)
    shares[total > 0] = inside[total > 0] / total[total > 0]
    return shares


def evidence_in_lungs(network: Network, images: Grey, masks: Masks, items: Sequence[Item]) -> dict[str, Any]:
    """`in_lungs` of `measure_evidence`, for lungs that are known."""
    maps = evidence_maps(network, images)
    covid = np.array([item.label == COVID for item in items], bool)
    speaking_for, against = share_inside(maps, masks), share_inside(-maps, masks)
    area = masks.mean((1, 2))
    patients = np.array([item.patient for item in items])

    def summary(shares: NDArray[np.float64], chosen: NDArray[np.bool_]) -> dict[str, Any]:
        counted = chosen & ~np.isnan(shares)
        measured = counted.any()
        ends = interval_of_mean(shares[counted], patients[counted]) if measured else None
        return {
            "share": float(shares[counted].mean()) if measured else None,
            "interval": ends and list(ends),
            "area": float(area[counted].mean()) if measured else None,
            "slices": int(counted.sum()),
            "without_evidence": int((chosen & np.isnan(shares)).sum()),
        }

    return {
        "covid": summary(speaking_for, covid),
        "not_covid": summary(speaking_for, ~covid),
        "not_covid_against": summary(against, ~covid),
        "all": summary(speaking_for, np.ones_like(covid)),
    }


def occlusion_aucs(network: Network, images: Grey, masks: Masks, items: Sequence[Item]) -> dict[str, Any]:
    """`auc` of `measure_evidence`, for lungs that are known."""
    labels, patients = [item.label for item in items], [item.patient for item in items]
    if len(set(labels)) < 2:  # undefined
        return {name: {"auc": None, "interval": None} for name in ("as_is", *ALTERATIONS)}
    aucs = {}
    names = tqdm(("as_is", *ALTERATIONS), desc="alterations", leave=False, disable=None)
    for name in names:
        altered = images
        if name in ALTERATIONS:
            alter = ALTERATIONS[name]
            altered = np.array([alter(*pair) for pair in zip(images, masks, strict=True)], np.uint8)
        scores = predict.probabilities(predict.logits(network, altered))
        ends = intervals(labels, scores, patients)["auc"]
        aucs[name] = {"auc": auc(labels, scores), "interval": ends and list(ends)}
    return aucs
