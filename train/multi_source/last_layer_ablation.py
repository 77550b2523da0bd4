"""What the last layer's fit owes to each of its hospitals, to its balance, its strength and further slices.

As in `ensemble`, every source is judged by layers that were not fitted to it, on validation parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from edgect.calibration.head_fit import Direction
from edgect.statistics.roc import auc
from train.data.sources import of_last_layer, released
from train.multi_source import last_layer
from train.multi_source.ensemble import threshold_at_sensitivity
from train.multi_source.last_layer import SLICES, Floats, Hospital
from train.multi_source.run import MultiSourceRun

OTHER_DISEASES = ("chest-ctscan", "emphysema", "osic", "ild-web")  # cancers, emphysema, fibrosis
FIGURES = "covid-ct"  # of publications


@dataclass(frozen=True)
class Arm:
    """A way to fit: to which sources, with what strength, and what counts alike.

    one_class: what a source without COVID-19 counts for against one with both classes, 1. chosen_anew: the
    strength is chosen for every source that is judged, by leaving out others than it.
    """

    fitted: tuple[str, ...]
    strength: float
    hospitals_alike: bool = True
    classes_alike: bool = True
    one_class: float = 0.25
    chosen_anew: bool = False

    def without(self, name: str) -> Arm:
        return replace(self, fitted=tuple(other for other in self.fitted if other != name))

    def fit(self, sources: Mapping[str, Hospital], start: Direction) -> Direction:
        """sources: those to fit to, and others that a strength may be chosen by. Without any: `start`."""
        if not self.fitted:
            return start
        chosen, strength = [sources[name] for name in self.fitted], self.strength
        if self.chosen_anew:
            judged = {name: own for name, own in sources.items() if len(np.unique(own.labels)) == 2}
            _, mean = last_layer.try_strengths(judged, self.fitted, start)
            strength = max(mean, key=lambda each: mean[each])
        return last_layer.fit(chosen, start, strength, self.weights(chosen))

    def weights(self, hospitals: Sequence[Hospital]) -> Floats:
        """Of every slice; together what they are where hospitals count alike."""
        both = [len(np.unique(own.labels)) == 2 for own in hospitals]
        mean = np.mean([len(own.items) for own, two in zip(hospitals, both, strict=True) if two])
        weights = []
        for own, two in zip(hospitals, both, strict=True):
            share = 1.0 if self.hospitals_alike else len(own.items) / mean
            each = np.full(len(own.items), 1 / len(own.items))
            if two and self.classes_alike:
                each = np.where(own.labels, 0.5 / own.labels.sum(), 0.5 / (~own.labels).sum())
            weights.append(each * share * (1.0 if two else self.one_class))
        return np.concatenate(weights) * SLICES


def arms(strength: float) -> dict[str, Arm]:
    """By their titles; the second is how the default network's layer is fitted."""
    hospitals = tuple(of_last_layer())
    whole = Arm(hospitals, strength)
    return {
        "as trained": replace(whole, strength=0.0),
        "fitted": whole,
        **{f"without {name} in the fit": whole.without(name) for name in hospitals},
        f"with {FIGURES} in the fit": replace(whole, fitted=(*hospitals, FIGURES)),
        "hospitals by their slices": replace(whole, hospitals_alike=False),
        "classes by their slices": replace(whole, classes_alike=False),
        "every slice alike": replace(whole, hospitals_alike=False, classes_alike=False),
        "with other diseases, a quarter each": replace(whole, fitted=(*hospitals, *OTHER_DISEASES)),
        "with other diseases, each as a hospital": replace(
            whole, fitted=(*hospitals, *OTHER_DISEASES), one_class=1.0
        ),
        "strength chosen without the source judged": replace(whole, chosen_anew=True),
        **{f"strength {other:g}": replace(whole, strength=other) for other in (0.003, 0.01, 0.1, 0.3)},
    }


def ablate(
    runs: Sequence[MultiSourceRun], data: Path, cache: Path | None = None, strength: float = 0.03
) -> dict[str, Any]:
    """Of each run's trunk: AUC by source, and the share of slices with other diseases that is called."""
    names = dict.fromkeys([*of_last_layer(), FIGURES, *OTHER_DISEASES])
    content = []
    for run in runs:
        network, recipe = run.member(), run.recipe()
        sources = last_layer.read_hospitals(run, network, list(names), data, cache)
        start = last_layer.direction_of(network)
        left_out = [name for name, weight in released().items() if weight > 0 and name not in recipe.sources]
        measured = {title: _figures(arm, sources, start) for title, arm in arms(strength).items()}
        content.append(
            {"trunk": run.path.resolve().name, "left_out": left_out, "seed": recipe.seed, "arms": measured}
        )
    return {"strength": strength, "trunks": content}


def _figures(arm: Arm, sources: Mapping[str, Hospital], start: Direction) -> dict[str, Any]:
    areas, called = {}, {}
    for name, own in sources.items():
        layer = arm.without(name).fit({other: sources[other] for other in sources if other != name}, start)
        log_odds = layer.log_odds(own.embeddings)
        if len(np.unique(own.labels)) == 2:
            areas[name] = auc(own.labels, log_odds)
            continue
        hospitals = [sources[hospital] for hospital in of_last_layer()]
        found = [layer.log_odds(hospital.embeddings[hospital.labels]) for hospital in hospitals]
        called[name] = float((log_odds >= threshold_at_sensitivity(found)).mean())
    mean = float(np.mean([areas[name] for name in of_last_layer()]))
    return {"hospitals": mean, "auc": areas, "called": called}
