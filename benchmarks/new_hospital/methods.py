"""A network as it is shipped, with operating points of the hospital's own, and with a head of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgect.calibration import thresholds
from edgect.calibration.head_choice import choose_head, keep_head
from edgect.calibration.head_fit import Direction
from edgect.calibration.slice_features import SliceFeatures
from edgect.statistics.bootstrap import slice_weights
from edgect.statistics.metrics import confusion
from edgect.statistics.roc import RankedScores, auc
from train.multi_source.run import MultiSourceRun

METRICS = ("auc", "sensitivity", "specificity")
Floats = NDArray[np.float64]


class Scored(NamedTuple):
    """Log-odds of the held slices, float64 `[n]`, and where COVID-19 begins."""

    log_odds: Floats
    threshold: float


Method = Callable[[MultiSourceRun, SliceFeatures, SliceFeatures, int], Scored]


def shipped(run: MultiSourceRun, labelled: SliceFeatures, held: SliceFeatures, seed: int) -> Scored:
    probability = run.threshold()
    return Scored(held.log_odds, float(np.log(probability / (1 - probability))))


def points(run: MultiSourceRun, labelled: SliceFeatures, held: SliceFeatures, seed: int) -> Scored:
    fitted = keep_head(labelled, "").fitted
    return Scored(held.log_odds, thresholds.balanced(fitted))


def points_and_head(run: MultiSourceRun, labelled: SliceFeatures, held: SliceFeatures, seed: int) -> Scored:
    """As `edgect calibrate` does: the head where cross-validation says that it is better."""
    choice = choose_head(labelled, _direction(run), 1.0, seed)
    log_odds = held.log_odds if choice.direction is None else choice.direction.log_odds(held.embeddings)
    return Scored(log_odds, thresholds.balanced(choice.fitted))


def _direction(run: MultiSourceRun) -> Direction:
    classifier = run.network().classifier
    weight, bias = classifier.weight.detach().double().numpy(), classifier.bias.detach().double().numpy()
    return Direction(weight[1] - weight[0], float(bias[1] - bias[0]))


METHODS: dict[str, Method] = {
    "as shipped": shipped,
    "calibrate, points alone": points,
    "calibrate, points and head": points_and_head,
}


def measure(scored: Scored, held: SliceFeatures) -> dict[str, float]:
    counted = confusion(held.labels, scored.log_odds >= scored.threshold).metrics()
    return {
        "auc": auc(held.labels, scored.log_odds),
        **{name: counted[name] for name in ("sensitivity", "specificity")},
    }


def resampled(scored: Scored, held: SliceFeatures, draws: int, seed: int) -> dict[str, list[float]]:
    """The same of held patients drawn with replacement."""
    labels, positive = held.labels, scored.log_odds >= scored.threshold
    ranked = RankedScores(labels, scored.log_odds)
    results: dict[str, list[float]] = {name: [] for name in METRICS}
    with np.errstate(invalid="ignore"):
        for weights in slice_weights(list(held.units), draws, seed):
            results["auc"] += ranked.areas(weights).tolist()
            results["sensitivity"] += ((weights @ (labels & positive)) / (weights @ labels)).tolist()
            results["specificity"] += ((weights @ (~labels & ~positive)) / (weights @ ~labels)).tolist()
    return results
