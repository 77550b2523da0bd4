"""The scores behind the indeterminate band, and what the band does to slices that did not make it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgect.decision import INDETERMINATE, Band, Decision
from edgect.errors import UsageError
from train.data.covid_ct import Item

RATES = (0.05, 0.1, 0.2)
FOLDS = 5
DIGITS = 5

Scores = NDArray[np.float64]
Labels = tuple[str, str]


def scores(items: Sequence[Item], probabilities: Scores, labels: Labels) -> dict[str, list[float]]:
    """Probabilities of COVID-19 by label, sorted."""
    return {
        name: sorted(round(float(p), DIGITS) for p in probabilities[[item.label == label for item in items]])
        for label, name in enumerate(labels)
    }


def cross_validated(
    items: Sequence[Item], probabilities: Scores, labels: Labels, threshold: float
) -> dict[str, Any]:
    """By error rate: what comes of slices whose band is made of other patients' slices, in `FOLDS` folds."""
    units = sorted({item.patient for item in items})
    places = np.random.default_rng(0).permutation(len(units)) % FOLDS
    folds = np.array([places[units.index(item.patient)] for item in items])
    found = {}
    for rate in RATES:
        given = np.empty(len(items), object)
        try:
            for fold in range(FOLDS):
                inside = folds != fold
                kept = [item for item, one in zip(items, inside, strict=True) if one]
                made = scores(kept, probabilities[inside], labels)
                given[~inside] = assign_labels(probabilities[~inside], made, labels, threshold, rate)
        except UsageError:  # too few slices for so small a rate
            continue
        found[f"{rate:g}"] = label_shares(items, list(given), labels)
    return found


def measure(
    items: Sequence[Item], probabilities: Scores, manifest: Mapping[str, Any], threshold: float
) -> dict[str, Any]:
    """By error rate: what comes of slices by the band of a bundle's own scores."""
    labels, kept, found = tuple(manifest["labels"]), manifest["conformal"]["scores"], {}
    for rate in RATES:
        with suppress(UsageError):
            given = assign_labels(probabilities, kept, labels, threshold, rate)
            found[f"{rate:g}"] = label_shares(items, given, labels)
    return found


def assign_labels(
    probabilities: Scores, made: Mapping[str, list[float]], labels: Labels, threshold: float, rate: float
) -> list[str]:
    """As `edgect classify` would. Raises UsageError for a rate too small for the scores."""
    decision = Decision(labels, threshold, "", Band.of(made, labels, rate))
    return [decision.label(float(p)) for p in probabilities]


def label_shares(items: Sequence[Item], given: Sequence[str], labels: Labels) -> dict[str, Any]:
    """indeterminate: of all slices. wrong: of the slices of each class, those with the other's label."""
    wrong = {}
    for label, name in enumerate(labels):
        of_class = [said for said, item in zip(given, items, strict=True) if item.label == label]
        if of_class:
            wrong[name] = round(of_class.count(labels[1 - label]) / len(of_class), 4)
    indeterminate = round(list(given).count(INDETERMINATE) / max(len(given), 1), 4)
    return {"slices": len(given), "indeterminate": indeterminate, "wrong": wrong}
