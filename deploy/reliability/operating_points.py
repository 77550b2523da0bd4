"""Operating points: thresholds with a name, and what each gives on which slices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train.data.covid_ct import COVID, Item
from train.multi_source.evaluation import evaluate_items

SENSITIVITY = 0.95  # of `screening`, on validation slices, each counting alike
METRICS = ("sensitivity", "specificity")


def screening_threshold(items: Sequence[Item], probabilities: NDArray[np.float64]) -> float:
    """The highest threshold at which `SENSITIVITY` of the slices with COVID-19 are found, rounded down."""
    covid_probabilities = np.sort(probabilities[[item.label == COVID for item in items]])
    missed = int((1 - SENSITIVITY) * len(covid_probabilities) + 1e-9)
    return float(np.floor(covid_probabilities[missed] * 1e6) / 1e6)


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
