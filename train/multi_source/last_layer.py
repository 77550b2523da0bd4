"""The last layer by itself: fitted again on slices that the trunk was not trained on.

Validation parts of the sources that the trunk knows, and further sources that it does not. Hospitals count
alike, and so do the classes (Kirichenko et al. 2022, Last layer re-training is sufficient for robustness to
spurious correlations). How far the layer may move is chosen by leaving hospitals out, one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgect.calibration.head_fit import Direction, fit_direction
from edgect.statistics.roc import auc
from train.data.covid_ct import Item
from train.data.sources import further, read_source
from train.multi_source.crops import Crops
from train.multi_source.run import MultiSourceRun, Trained
from train.networks import predict
from train.run import write_json

STRENGTHS = (0.0, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
ONE_CLASS = 0.25  # weight of a source without COVID-19, against a class of one that has both
SLICES = 20.0  # that every source counts for, however many it has

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Hospital:
    """Slices of one source. embeddings: float32 `[n, d]`; labels: bool `[n]`."""

    items: Sequence[Item]
    embeddings: NDArray[np.float32]
    labels: NDArray[np.bool_]

    @classmethod
    def of(cls, items: Sequence[Item], embeddings: NDArray[np.float32]) -> Hospital:
        return cls(items, embeddings, np.array([bool(item.label) for item in items]))

    @property
    def both_classes(self) -> bool:
        return len(set(self.labels.tolist())) == 2

    def log_loss(self, log_odds: Floats) -> float:
        """Mean over its classes of their slices' mean."""
        losses = -np.logaddexp(0, np.where(self.labels, -log_odds, log_odds))
        return -float(np.mean([losses[self.labels == label].mean() for label in {*self.labels.tolist()}]))


def read_hospitals(
    run: MultiSourceRun, network: Trained, data: Path, cache: Path | None
) -> dict[str, Hospital]:
    """The validation parts of the sources it was trained on, and of those in `data` that it was not."""
    recipe = run.recipe()
    names = [name for name, weight in recipe.sources.items() if weight > 0]
    names += [name for name in further() if name not in names and (data / name).is_dir()]
    hospitals = {}
    for name in names:
        items = read_source(name, data).val
        crops = Crops.read(items, data, recipe.image_size, cache, recipe.crop)
        hospitals[name] = Hospital.of(items, predict.embeddings(network, crops.images))
    return hospitals


def direction_of(network: Trained) -> Direction:
    weight, bias = (value.detach().double().numpy() for value in network.classifier.parameters())
    return Direction(weight[1] - weight[0], float(bias[1] - bias[0]))


def fit(hospitals: Sequence[Hospital], start: Direction, strength: float) -> Direction:
    """Logistic regression drawn toward `start`; strength as `fit_direction` takes it."""
    embeddings = np.concatenate([own.embeddings for own in hospitals])
    labels = np.concatenate([own.labels for own in hospitals])
    return fit_direction(embeddings, labels, _weights(hospitals), start, strength)


def _weights(hospitals: Sequence[Hospital]) -> Floats:
    """Of every slice: hospitals alike, and in the whole both classes alike."""
    cells = []
    for own in hospitals:
        share = 1.0 if own.both_classes else ONE_CLASS
        cells.append(share / np.where(own.labels, own.labels.sum(), (~own.labels).sum()))
    weights, labels = np.concatenate(cells), np.concatenate([own.labels for own in hospitals])
    for label in (False, True):
        weights[labels == label] /= 2 * weights[labels == label].sum()
    return np.asarray(weights * SLICES * len(hospitals))


def left_out(
    hospitals: Mapping[str, Hospital], start: Direction, strength: float
) -> dict[str, dict[str, float]]:
    """AUC and log-loss of each hospital with both classes, by a layer that was fitted without it."""
    judged = {}
    for name, own in hospitals.items():
        if own.both_classes:
            others = [other for key, other in hospitals.items() if key != name]
            log_odds = fit(others, start, strength).log_odds(own.embeddings)
            judged[name] = {"auc": auc(own.labels, log_odds), "log_loss": own.log_loss(log_odds)}
    return judged


def refit(run: MultiSourceRun, data: Path, cache: Path | None = None) -> dict[str, Any]:
    """Choose the strength, fit the layer, and write it to `head.json`, which `run.network()` heeds.

    Chosen is the strength of the highest mean AUC over hospitals left out; 0 keeps the layer. No test part is
    read.
    """
    network = run.member()
    hospitals, start = read_hospitals(run, network, data, cache), direction_of(network)
    tried = {strength: left_out(hospitals, start, strength) for strength in STRENGTHS}
    mean = {
        strength: float(np.mean([own["auc"] for own in judged.values()]))
        for strength, judged in tried.items()
    }
    strength = max(mean, key=lambda each: mean[each])
    fitted = fit(list(hospitals.values()), start, strength)
    content = {
        "strength": strength,
        "weight": [float(value) for value in fitted.weight],
        "bias": fitted.bias,
        "slices": {name: len(own.items) for name, own in hospitals.items()},
        "left_out": [
            {"strength": each, "mean_auc": mean[each], "hospitals": tried[each]} for each in STRENGTHS
        ],
    }
    write_json(run.head_file, content)
    return content
