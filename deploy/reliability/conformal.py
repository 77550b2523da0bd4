"""Split-conformal prediction: its calibration scores, and the labels that other slices get by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgect.errors import UsageError
from edgect.model.decision.labels import CUSTOM_THRESHOLD, INDETERMINATE, Decision, conformal_predictor
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
    """By error rate: what comes of slices, calibrated with other patients' slices, in `FOLDS` folds."""
    patients = sorted({item.patient for item in items})
    fold_numbers = np.random.default_rng(0).permutation(len(patients)) % FOLDS
    fold_by_patient = dict(zip(patients, fold_numbers, strict=True))
    folds = np.array([fold_by_patient[item.patient] for item in items])
    by_rate: dict[str, Any] = {}
    for rate in RATES:
        assigned = np.empty(len(items), object)
        try:
            for fold in range(FOLDS):
                other_folds = folds != fold
                others = [items[int(n)] for n in np.flatnonzero(other_folds)]
                calibration = scores(others, probabilities[other_folds], labels)
                assigned[~other_folds] = assign_labels(
                    probabilities[~other_folds], calibration, labels, threshold, rate
                )
        except UsageError:  # too few slices for so small a rate
            continue
        by_rate[f"{rate:g}"] = label_shares(items, list(assigned), labels)
    return by_rate


def measure_label_shares(
    items: Sequence[Item], probabilities: Scores, manifest: Mapping[str, Any], threshold: float
) -> dict[str, Any]:
    """By error rate: what comes of slices, calibrated with a bundle's own scores."""
    labels, calibration, by_rate = tuple(manifest["labels"]), manifest["conformal"]["scores"], {}
    for rate in RATES:
        with suppress(UsageError):
            assigned = assign_labels(probabilities, calibration, labels, threshold, rate)
            by_rate[f"{rate:g}"] = label_shares(items, assigned, labels)
    return by_rate


def assign_labels(
    probabilities: Scores,
    calibration: Mapping[str, list[float]],
    labels: Labels,
    threshold: float,
    rate: float,
) -> list[str]:
    """As `edgect classify` would. Raises UsageError for a rate too small for the scores."""
    decision = Decision(labels, threshold, CUSTOM_THRESHOLD, conformal_predictor(calibration, labels, rate))
    return [decision.label(float(p)) for p in probabilities]


def label_shares(items: Sequence[Item], assigned: Sequence[str], labels: Labels) -> dict[str, Any]:
    """indeterminate: of all slices. wrong: of the slices of each class, those with the other's label."""
    wrong = {}
    for label, name in enumerate(labels):
        class_labels = [a for a, item in zip(assigned, items, strict=True) if item.label == label]
        if class_labels:
            wrong[name] = round(class_labels.count(labels[1 - label]) / len(class_labels), 4)
    indeterminate = round(list(assigned).count(INDETERMINATE) / max(len(assigned), 1), 4)
    return {"slices": len(assigned), "indeterminate": indeterminate, "wrong": wrong}
