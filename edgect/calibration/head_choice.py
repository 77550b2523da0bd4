"""Whether a hospital's slices mend the head, and how far it may move: cross-validation over patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgect.calibration.head_fit import Direction, fit_direction
from edgect.calibration.patients import Floats, Labelled, slice_weights
from edgect.calibration.slice_features import SliceFeatures
from edgect.calibration.temperature_fit import log_losses
from edgect.statistics.roc import auc

FOLDS, ROUNDS = 5, 5  # so many divisions of the patients, since one says little of few
STRENGTHS = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
FEWEST = 10  # patients of a class, below which the head is kept


class Candidate(NamedTuple):
    """strength: C, 0 the present head. log_loss, auc: of log-odds of slices whose patients were left out."""

    strength: float
    log_loss: float
    auc: float


@dataclass(frozen=True)
class HeadChoice:
    """direction: None where the present head is kept. reason: a sentence.

    fitted: log-odds that temperature and thresholds are fitted to; of a new head those of slices whose
    patients were left out, in the first round, so that they do not flatter.
    """

    direction: Direction | None
    strength: float
    fitted: Labelled
    candidates: Sequence[Candidate]
    reason: str


def keep_head(features: SliceFeatures, reason: str) -> HeadChoice:
    return HeadChoice(None, 0.0, _labelled(features, features.log_odds), [], reason)


def choose_head(features: SliceFeatures, present: Direction, temperature: float, seed: int) -> HeadChoice:
    """The head of least cross-validated log-loss: the present one, or one that was fitted.

    features: of slices that get an answer. temperature: the divisor by which the present head's log-odds
    mean probabilities. A new head's are to be divided by it too, so that heat maps keep their scale.
    """
    few = {name: count for name, count in _patients(features).items() if count < FEWEST}
    if few:
        counts = " and ".join(f"{count} patients {name} COVID-19" for name, count in few.items())
        return keep_head(features, f"The head is kept: {counts} in the fitting part, fewer than {FEWEST}.")
    strengths = (0.0, *STRENGTHS)
    scaled = present.times(1 / temperature)
    rounds = _out_of_fold(features, scaled, strengths, seed)
    candidates = [
        _candidate(strength, [_labelled(features, log_odds) for log_odds in by_round])
        for strength, by_round in zip(strengths, rounds, strict=True)
    ]
    best = min(range(len(candidates)), key=lambda n: candidates[n].log_loss)
    before, after = candidates[0].log_loss, min(each.log_loss for each in candidates[1:])
    compared = f"cross-validated log-loss {after:.3f} of the best new one, {before:.3f} of the present one"
    if best == 0:
        fitted = _labelled(features, features.log_odds)
        return HeadChoice(None, 0.0, fitted, candidates, f"The head is kept: {compared}.")
    weights = slice_weights(features.labels, features.units)
    direction = fit_direction(features.embeddings, features.labels, weights, scaled, strengths[best])
    return HeadChoice(
        direction.times(temperature),
        strengths[best],
        _labelled(features, rounds[best, 0] * temperature),
        candidates,
        f"The head was fitted anew: {compared}.",
    )


def _candidate(strength: float, rounds: Sequence[Labelled]) -> Candidate:
    """Means over the rounds."""
    losses = [float(np.average(log_losses(each), weights=each.weights)) for each in rounds]
    areas = [auc(each.labels, each.log_odds) for each in rounds]
    return Candidate(strength, float(np.mean(losses)), float(np.mean(areas)))


def _out_of_fold(
    features: SliceFeatures, present: Direction, strengths: Sequence[float], seed: int
) -> Floats:
    """Log-odds by heads that were fitted without the slice's patient, `[strengths, rounds, n]`."""
    rng = np.random.default_rng(seed)
    log_odds = np.empty((len(strengths), ROUNDS, len(features.cases)))
    for round_ in range(ROUNDS):
        folds = _folds(features, rng)
        for fold in range(FOLDS):
            others, left_out = folds != fold, folds == fold
            weights = slice_weights(features.labels[others], features.units[others])
            for number, strength in enumerate(strengths):
                direction = fit_direction(
                    features.embeddings[others], features.labels[others], weights, present, strength
                )
                log_odds[number, round_, left_out] = direction.log_odds(features.embeddings[left_out])
    return log_odds


def _folds(features: SliceFeatures, rng: np.random.Generator) -> NDArray[np.intp]:
    """The fold of each slice: whole patients, those with COVID-19 and those without spread evenly."""
    folds = np.empty(len(features.cases), np.intp)
    positive = np.unique(features.units[features.labels])
    negative = np.setdiff1d(features.units, positive)
    order = np.concatenate([rng.permutation(positive), rng.permutation(negative)])
    for place, unit in enumerate(order):
        folds[features.units == unit] = place % FOLDS
    return folds


def _patients(features: SliceFeatures) -> dict[str, int]:
    fitted = _labelled(features, features.log_odds)
    return {"with": fitted.patients(True), "without": fitted.patients(False)}


def _labelled(features: SliceFeatures, log_odds: Floats) -> Labelled:
    return Labelled(log_odds, features.labels, features.units)
