"""The last layer by itself: fitted again on slices of hospitals that the trunk was not trained on.

Validation parts of hospitals that the trunk knows, and further ones that it does not. Hospitals count alike,
and so do the classes (Kirichenko et al. 2022, Last layer re-training is sufficient for robustness to
spurious correlations). How far the layer may move is chosen by leaving sources out, one after the other.
Figures of publications, whose classes come from different ones, are judged but not fitted to: they pull the
layer away from hospitals, and so do sources of one class, which teach it the source.
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
from train.data.sources import of_last_layer, read_source
from train.multi_source.crops import Crops
from train.multi_source.run import MultiSourceRun, Trained
from train.networks import predict
from train.run import RunError, write_json

STRENGTHS = (0.0, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
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

    def log_loss(self, log_odds: Floats) -> float:
        """Mean over its classes of their slices' mean."""
        losses = np.logaddexp(0, np.where(self.labels, -log_odds, log_odds))
        return float(np.mean([losses[self.labels == label].mean() for label in np.unique(self.labels)]))


Judged = dict[str, dict[str, float]]  # AUC and log-loss by source


def read_hospitals(
    run: MultiSourceRun, network: Trained, names: Sequence[str], data: Path, cache: Path | None
) -> dict[str, Hospital]:
    """The validation parts of these sources."""
    parts = {name: read_source(name, data).val for name in names}
    return embedded(network, run.crops(parts, data, cache))


def embedded(network: Trained, crops: Mapping[str, Crops]) -> dict[str, Hospital]:
    return {
        name: Hospital.of(own.items, predict.embeddings(network, own.images)) for name, own in crops.items()
    }


def direction_of(network: Trained) -> Direction:
    weight, bias = (value.detach().double().numpy() for value in network.classifier.parameters())
    return Direction(weight[1] - weight[0], float(bias[1] - bias[0]))


def fit(
    hospitals: Sequence[Hospital], start: Direction, strength: float, weights: Floats | None = None
) -> Direction:
    """Logistic regression drawn toward `start`; strength as `fit_direction` takes it.

    weights: of every slice, those by which hospitals and classes count alike without. `start` is returned
    where there are no hospitals.
    """
    if not hospitals:
        return start
    embeddings = np.concatenate([own.embeddings for own in hospitals])
    labels = np.concatenate([own.labels for own in hospitals])
    weights = _weights(hospitals) if weights is None else weights
    return fit_direction(embeddings, labels, weights, start, strength)


def _weights(hospitals: Sequence[Hospital]) -> Floats:
    """Of every slice: hospitals alike, and of each both classes alike."""
    shares = [np.where(own.labels, 0.5 / own.labels.sum(), 0.5 / (~own.labels).sum()) for own in hospitals]
    return np.concatenate(shares) * SLICES


def left_out_log_odds(
    judged: Mapping[str, Hospital], fitted: Sequence[str], start: Direction, strength: float
) -> dict[str, Floats]:
    """Of each source's slices, by a layer that was fitted to the others of `fitted`."""
    return {
        name: fit([judged[other] for other in fitted if other != name], start, strength).log_odds(
            own.embeddings
        )
        for name, own in judged.items()
    }


def left_out(
    judged: Mapping[str, Hospital], fitted: Sequence[str], start: Direction, strength: float
) -> Judged:
    """AUC and log-loss of each source, by a layer that was fitted to the others of `fitted`."""
    return {
        name: {"auc": auc(judged[name].labels, values), "log_loss": judged[name].log_loss(values)}
        for name, values in left_out_log_odds(judged, fitted, start, strength).items()
    }


def try_strengths(
    judged: Mapping[str, Hospital], fitted: Sequence[str], start: Direction
) -> tuple[dict[float, Judged], dict[float, float]]:
    """`left_out` with each strength, and the mean AUC over all sources that are judged."""
    tried = {strength: left_out(judged, fitted, start, strength) for strength in STRENGTHS}
    return tried, {each: float(np.mean([own["auc"] for own in tried[each].values()])) for each in STRENGTHS}


def refit(
    run: MultiSourceRun, data: Path, cache: Path | None = None, names: Sequence[str] = ()
) -> dict[str, Any]:
    """Choose the strength, fit the layer, and write it to `head.json`, which `run.network()` heeds.

    Chosen is the strength of the highest mean AUC over sources left out; 0 keeps the layer. No test part is
    read. names: of the hospitals to fit to, of both classes and at least two; those of the default network
    without. Raises RunError for others.
    """
    network, fitted_to = run.member(), list(names) or of_last_layer()
    for name in fitted_to:
        if len({item.label for item in read_source(name, data).val}) < 2:
            raise RunError(f"{name}: its validation part has one class; the last layer is fitted to both")
    if len(fitted_to) < 2:
        raise RunError("the last layer is fitted to two hospitals or more, since one is left out to judge it")
    drawn = [name for name, weight in run.recipe().sources.items() if weight > 0]
    both = [name for name in drawn if len({item.label for item in read_source(name, data).val}) == 2]
    judged = read_hospitals(run, network, list(dict.fromkeys([*both, *fitted_to])), data, cache)
    start = direction_of(network)
    tried, mean = try_strengths(judged, fitted_to, start)
    strength = max(mean, key=lambda each: mean[each])
    fitted = fit([judged[name] for name in fitted_to], start, strength)
    content = {
        "strength": strength,
        "weight": [float(value) for value in fitted.weight],
        "bias": fitted.bias,
        "slices": {name: len(judged[name].items) for name in fitted_to},
        "left_out": [
            {"strength": each, "mean_auc": mean[each], "sources": tried[each]} for each in STRENGTHS
        ],
    }
    write_json(run.head_file, content)
    return content
