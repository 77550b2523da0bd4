"""Operating points: thresholds with a name, and what each gives on which slices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train.data.covid_ct import COVID, NOT_COVID, Item
from train.multi_source.evaluation import evaluate_items

SENSITIVITY = 0.95  # of `screening`, on validation slices, each patient counting alike
SPECIFICITY = 0.95  # of `specific`, the same way
METRICS = ("sensitivity", "specificity")


def screening_threshold(items: Sequence[Item], probabilities: NDArray[np.float64]) -> float:
    """The highest threshold at which `SENSITIVITY` of patients' slices with COVID-19 are found.

    Of a patient's slices the share counts. Slices that may show nothing, such as those of mild disease, do
    not: a threshold that finds them would call healthy lungs ill. Rounded down. probabilities: `[n]`, 0 to 1.
    """
    chosen = [n for n, item in enumerate(items) if item.label == COVID and item.target is None]
    values, weights = probabilities[chosen], _patients_alike([items[n] for n in chosen])
    order = np.argsort(values)
    missed = np.cumsum(weights[order]) - weights[order]  # when the threshold lies at this slice
    place = int(np.flatnonzero(missed <= 1 - SENSITIVITY + 1e-9)[-1])
    return float(np.floor(values[order][place] * 1e6) / 1e6)


def specific_threshold(items: Sequence[Item], probabilities: NDArray[np.float64]) -> float:
    """The lowest threshold above `SPECIFICITY` of patients' slices without COVID-19, rounded up to 1."""
    chosen = [n for n, item in enumerate(items) if item.label == NOT_COVID]
    values, weights = probabilities[chosen], _patients_alike([items[n] for n in chosen])
    order = np.argsort(values)
    passed = np.cumsum(weights[order])
    place = int(np.flatnonzero(passed >= SPECIFICITY - 1e-9)[0])
    return min(1.0, float(np.floor(values[order][place] * 1e6 + 1) / 1e6))


def _patients_alike(items: Sequence[Item]) -> NDArray[np.float64]:
    """Weights of slices that add up to 1, and to the same for every patient."""
    slices = Counter(item.patient for item in items)
    return np.array([1 / (len(slices) * slices[item.patient]) for item in items])


def sensitivity_and_specificity(
    items: Sequence[Item], probabilities: NDArray[np.float64], threshold: float
) -> dict[str, Any]:
    """Sensitivity and specificity with 95 % intervals by patient, as far as there are slices of the class."""
    evaluated = evaluate_items(items, probabilities, threshold)
    with_intervals = {
        name: {
            "value": round(evaluated["metrics"][name], 4),
            "interval": (ends := evaluated["intervals"][name]) and [round(end, 4) for end in ends],
            "slices": sum((item.label == COVID) == (name == "sensitivity") for item in items),
        }
        for name in METRICS
        if name in evaluated["metrics"]
    }
    return {"slices": evaluated["images"], "patients": evaluated["units"], **with_intervals}
