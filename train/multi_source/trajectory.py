"""A training without some sources, along its way: how well it tells those at each of its kept steps.

By this the number of steps and the averaging of the weights are chosen on sources left out (Gulrajani and
Lopez-Paz 2021, In search of lost domain generalization). Judged are the training and validation slices of
the sources left out, and the validation parts of the others; no test part is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from edgect.statistics.roc import auc
from train.data.covid_ct import Item
from train.data.sources import Source, of_last_layer, read_source, released, views
from train.multi_source import last_layer
from train.multi_source.crops import Crops
from train.multi_source.last_layer import Floats
from train.multi_source.run import MultiSourceRun, Trained
from train.run import RunError, write_json

AVERAGINGS = ("none", "exponential", "dense")  # of the weights along the way
AS_TRAINED, FITTED = "as trained", "fitted to the others"  # the last layer


def follow(
    run: MultiSourceRun, data: Path, cache: Path | None = None, strength: float = 0.03
) -> dict[str, Any]:
    """AUC by source after every kept number of steps; written to `trajectory.json`.

    By the last layer as trained, and by one fitted, with `strength`, to hospitals that are neither judged by
    it nor left out. The dense average is judged from where it begins. Raises RunError where nothing was kept,
    or no source with both classes was left out.
    """
    recipe, kept = run.recipe(), run.snapshots()
    if not kept:
        raise RunError(f"{run.path}: kept no weights along its way; `multi-source fit --keep-every` does")
    judged = Judged.by(run, data)
    crops = run.crops(judged.parts, data, cache)
    along = []
    for steps in tqdm(kept, desc=run.path.name, disable=None):
        for averaging in AVERAGINGS:
            if averaging == "dense" and steps <= recipe.dense_from:
                continue
            network = run.member_at(steps, averaging)
            for name, log_odds in judged.log_odds(network, crops, strength).items():
                areas = judged.areas(log_odds)
                along.append({"steps": steps, "averaging": averaging, "last_layer": name, "auc": areas})
    slices = {name: len(items) for name, items in judged.parts.items()}
    content = {"left_out": judged.left_out, "strength": strength, "slices": slices, "along": along}
    write_json(run.trajectory_file, content)
    return content


@dataclass(frozen=True)
class Judged:
    """What a training without some sources is judged on.

    left_out: those with both classes, of which training and validation parts are judged; of others the
    validation parts. fitted: the hospitals that last layers are fitted to, each source's own aside.
    """

    left_out: list[str]
    fitted: list[str]
    sources: Mapping[str, Source]
    parts: Mapping[str, Sequence[Item]]

    @classmethod
    def by(cls, run: MultiSourceRun, data: Path) -> Judged:
        """Raises RunError where no source with both classes was left out."""
        recipe = run.recipe()
        left_out = [name for name, weight in released().items() if weight > 0 and name not in recipe.sources]
        others = [name for name, weight in recipe.sources.items() if weight > 0]
        fitted = [name for name in of_last_layer() if name not in left_out]
        sources = {name: read_source(name, data) for name in dict.fromkeys([*left_out, *others, *fitted])}
        parts = {name: own.train * (name in left_out) + own.val for name, own in sources.items()}
        parts = {name: items for name, items in parts.items() if len({item.label for item in items}) == 2}
        if not (left_out := [name for name in left_out if name in parts]):
            raise RunError(
                f"{run.path}: was trained on every source with both classes; `--leave-out` one of them"
            )
        return cls(left_out, fitted, sources, parts)

    def log_odds(
        self, network: Trained, crops: Mapping[str, Crops], strength: float
    ) -> dict[str, dict[str, Floats]]:
        """By last layer, then by source. crops: of `parts`, in the network's size."""
        hospitals, start = last_layer.embedded(network, crops), last_layer.direction_of(network)
        return {
            name: last_layer.left_out_log_odds(hospitals, self.fitted, start, moved)
            for name, moved in {AS_TRAINED: 0.0, FITTED: strength}.items()
        }

    def areas(self, log_odds: Mapping[str, Floats]) -> dict[str, float]:
        """AUC of each source, and of its selections of groups that are judged by themselves."""
        areas = {}
        for name, items in self.parts.items():
            labels = np.array([bool(item.label) for item in items])
            areas[name] = auc(labels, log_odds[name])
            for view, places in views(items, self.sources[name].about).items():
                areas[f"{name}, {view}"] = auc(labels[places], log_odds[name][places])
        return areas
