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
    patients were left out, as often as there were rounds, so that they do not flatter.
    """

    direction: Direction | None
    strength: float
    fitted: Labelled
    candidates: Sequence[Candidate]
    reason: str


def keep_head(features: SliceFeatures, reason: str) -> HeadChoice:
    fitted = Labelled(features.log_odds, features.labels, features.units)
    return HeadChoice(None, 0.0, fitted, [], reason)


def choose_head(features: SliceFeatures, present: Direction, seed: int) -> HeadChoice:
    """The head of least cross-validated log-loss: the present one, or one that was fitted.

    features: of slices that get an answer. present: scaled so that its log-odds mean probabilities.
    """
    few = {name: count for name, count in _patients(features).items() if count < FEWEST}
    if few:
        counts = " and ".join(f"{count} patients {name} COVID-19" for name, count in few.items())
        return keep_head(features, f"The head is kept: {counts} in the fitting part, fewer than {FEWEST}.")
    strengths = (0.0, *STRENGTHS)
    labels, units = np.tile(features.labels, ROUNDS), np.tile(features.units, ROUNDS)
    out_of_fold = [
        Labelled(log_odds, labels, units) for log_odds in _out_of_fold(features, present, strengths, seed)
    ]
    candidates = [
        Candidate(strength, float(np.average(log_losses(fold), weights=fold.weights)), auc(labels, fold.log_odds))
        for strength, fold in zip(strengths, out_of_fold, strict=True)
    ]
    best = min(range(len(candidates)), key=lambda n: candidates[n].log_loss)
    before, after = candidates[0].log_loss, min(each.log_loss for each in candidates[1:])
    compared = f"cross-validated log-loss {after:.3f} of the best new one, {before:.3f} of the present one"
    if best == 0:
        kept = keep_head(features, f"The head is kept: {compared}.")
        return HeadChoice(None, 0.0, kept.fitted, candidates, kept.reason)
    weights = slice_weights(features.labels, features.units)
    direction = fit_direction(
        features.embeddings, features.labels, weights, present, candidates[best].strength
    )
    reason = f"The head was fitted anew: {compared}."
    return HeadChoice(direction, candidates[best].strength, out_of_fold[best], candidates, reason)


def _out_of_fold(
    features: SliceFeatures, present: Direction, strengths: Sequence[float], seed: int
) -> Floats:
    """Log-odds by heads that were fitted without the slice's patient, `[strengths, rounds * n]`."""
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
    return log_odds.reshape(len(strengths), -1)


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
    fitted = Labelled(features.log_odds, features.labels, features.units)
    return {"with": fitted.patients(True), "without": fitted.patients(False)}
