"""Labelled slices as one bundle sees them: what its detector looks at, and what its network puts out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from deploy.verification.processors import probabilities
from edgect.model import backends
from edgect.model.backends import PRECISIONS
from edgect.model.bundles.bundle import Bundle
from edgect.model.decision.out_of_distribution import VIEW, lung_view
from edgect.model.preprocess.steps import Preprocess
from edgect.scans import read_slice
from train.data.covid_ct import Item


def engines(backends: Sequence[str]) -> tuple[str, ...]:
    """Every engine in every precision."""
    return tuple(sorted(f"{name} {precision}" for name in backends for precision in PRECISIONS))


@dataclass(frozen=True)
class SliceFeatures:
    """lungs: bool `[n]`, whether any were found. views: uint8 `[n, p]`, 0 where not.

    embeddings: float32 `[n, d]`, probabilities: float64 `[n]` of COVID-19, both by engine and precision.
    """

    items: Sequence[Item]
    lungs: NDArray[np.bool_]
    views: NDArray[np.uint8]
    embeddings: Mapping[str, NDArray[np.float32]]
    probabilities: Mapping[str, NDArray[np.float64]]

    @classmethod
    def read(cls, bundle: Bundle, items: Sequence[Item], data: Path, engines: Sequence[str]) -> SliceFeatures:
        """engines: in words as `engines` gives them."""
        preprocess = Preprocess(bundle.manifest.input.steps)
        images, lungs = [], np.zeros(len(items), bool)
        views = np.zeros((len(items), *VIEW), np.uint8)
        for number, item in enumerate(tqdm(items, desc="reading", unit="slice", disable=None)):
            pixels = read_slice(data / item.path)
            image, placement = preprocess(pixels)
            images.append(image)
            view = lung_view(pixels, image, placement.region, preprocess.crops_to_lungs)
            if view is not None:
                lungs[number], views[number] = True, view
        embeddings, probabilities_by_engine = {}, {}
        for name in engines:
            backend, precision = name.split()
            session = backends.load(backend, bundle, precision)
            outputs = [
                session.infer(i[np.newaxis]) for i in tqdm(images, desc=name, unit="slice", disable=None)
            ]
            embeddings[name] = np.concatenate([output.embedding for output in outputs])
            logits = np.concatenate([output.logits for output in outputs])
            probabilities_by_engine[name] = probabilities(logits, bundle)
        return cls(items, lungs, views.reshape(len(items), -1), embeddings, probabilities_by_engine)

    def of(self, items: Sequence[Item]) -> SliceFeatures:
        """Those of some of the slices."""
        numbers = {item: number for number, item in enumerate(self.items)}
        n = [numbers[item] for item in items]
        return SliceFeatures(
            items,
            self.lungs[n],
            self.views[n],
            {name: values[n] for name, values in self.embeddings.items()},
            {name: values[n] for name, values in self.probabilities.items()},
        )
