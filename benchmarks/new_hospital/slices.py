"""The slices of a source as a network sees them that was trained without it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from edgect.calibration.slice_features import SliceFeatures
from edgect.sources.labels import Case
from train.data.covid_ct import Item
from train.data.sources import Source
from train.multi_source.crops import Crops
from train.multi_source.run import MultiSourceRun

BATCH = 32


@dataclass(frozen=True)
class Hospital:
    """pool: slices that labels may be drawn from. held: what is measured on; None where that is what is left.

    items: of both, in the same order as the features.
    """

    name: str
    run: MultiSourceRun
    pool: SliceFeatures
    pool_items: Sequence[Item]
    held: SliceFeatures | None


def read_hospital(
    name: str, source: Source, run: MultiSourceRun, data: Path, cache: Path | None, all_parts: bool
) -> Hospital:
    """all_parts: for a source of few patients, whose parts all are in the pool."""
    pooled = [*source.train, *source.val, *(source.test if all_parts else [])]
    held = None if all_parts else _features(run, source.test, data, cache)
    return Hospital(name, run, _features(run, pooled, data, cache), pooled, held)


def draws(pool: SliceFeatures, patients: int, count: int, seed: int) -> Iterator[np.ndarray]:
    """Which slices of the pool are of the patients drawn, half of them with COVID-19: bool `[n]`.

    Nothing where there are too few patients of a class, or none would be left.
    """
    positive = np.unique(pool.units[pool.labels])
    negative = np.setdiff1d(pool.units, positive)
    if min(len(positive), len(negative)) < patients // 2:
        return
    for number in range(count):
        rng = np.random.default_rng([seed, patients, number])
        drawn = [rng.choice(own, patients // 2, replace=False) for own in (positive, negative)]
        yield np.isin(pool.units, np.concatenate(drawn))


def _features(run: MultiSourceRun, items: Sequence[Item], data: Path, cache: Path | None) -> SliceFeatures:
    """In FP32 by torch; every slice counts, as a gate that has not seen the hospital would reject some."""
    recipe, network = run.recipe(), run.network()
    images = Crops.read(items, data, recipe.image_size, cache, recipe.crop).images
    logits, embeddings = [], []
    with torch.inference_mode():
        for start in range(0, len(images), BATCH):
            batch = torch.from_numpy(images[start : start + BATCH]).unsqueeze(1)
            own_logits, _, embedding = network(batch)
            logits.append(own_logits.numpy())
            embeddings.append(embedding.numpy())
    return SliceFeatures(
        cases=[Case(item.path, item.label, item.patient) for item in items],
        units=np.array([item.patient for item in items], np.str_),
        statuses=["ok"] * len(items),
        reasons=[""] * len(items),
        views=np.zeros((len(items), 0), np.uint8),
        embeddings=np.concatenate(embeddings),
        logits=np.concatenate(logits),
    )
