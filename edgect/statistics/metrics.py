"""The paper's five metrics and the area under the ROC curve, with 95 % intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from edgect.statistics.intervals import (
    Interval,
    interval_of_auc,
    interval_of_ratio,
    patient_numbers,
)
from edgect.statistics.roc import auc

FIVE = ("accuracy", "sensitivity", "specificity", "precision", "f1")


@dataclass(frozen=True)
class Confusion:
    """Counts with COVID-19 as the positive class."""

    tp: int
    fn: int
    tn: int
    fp: int

    def metrics(self) -> dict[str, float]:
        """Accuracy, sensitivity, specificity, precision and F1 (paper, section 3.2), 0 to 1.

        A metric whose denominator is empty is NaN.
        """
        tp, fn, tn, fp = self.tp, self.fn, self.tn, self.fp
        fractions = {
            "accuracy": (tp + tn, tp + fn + tn + fp),
            "sensitivity": (tp, tp + fn),
            "specificity": (tn, tn + fp),
            "precision": (tp, tp + fp),
            "f1": (2 * tp, 2 * tp + fp + fn),
        }
        return {
            name: numerator / denominator if denominator else float("nan")
            for name, (numerator, denominator) in fractions.items()
        }


def confusion(labels: ArrayLike, predicted: ArrayLike) -> Confusion:
    """Count two sequences of equal length of 0 (not COVID-19) and 1 (COVID-19)."""
    truth, positive = np.asarray(labels, bool), np.asarray(predicted, bool)
    if truth.shape != positive.shape:
        raise ValueError(f"{truth.size} labels for {positive.size} predictions")
    return Confusion(
        tp=int((truth & positive).sum()),
        fn=int((truth & ~positive).sum()),
        tn=int((~truth & ~positive).sum()),
        fp=int((~truth & positive).sum()),
    )


def evaluate(labels: ArrayLike, probabilities: ArrayLike, threshold: float = 0.5) -> dict[str, float]:
    """Compute the five metrics at `probability >= threshold`, and the AUC."""
    scores = np.asarray(probabilities, float)
    return {**confusion(labels, scores >= threshold).metrics(), "auc": auc(labels, scores)}


def intervals(
    labels: ArrayLike,
    probabilities: ArrayLike,
    patients: Sequence[str],
    threshold: float = 0.5,
) -> Mapping[str, Interval | None]:
    """95 % intervals of `evaluate`, by patient (`edgect.statistics.intervals`).

    Those of proportions are exact where each patient is one slice. None where fewer than two patients
    have slices that a metric counts, of either class for the AUC.
    """
    truth, scores = np.asarray(labels, bool), np.asarray(probabilities, float)
    if not len(truth) == len(scores) == len(patients):
        raise ValueError("labels, probabilities and patients differ in length")
    number, positive = patient_numbers(patients), scores >= threshold
    cells = (truth & positive, truth & ~positive, ~truth & ~positive, ~truth & positive)
    tp, fn, tn, fp = (np.bincount(number, cell) for cell in cells)
    fractions = {
        "accuracy": (tp + tn, tp + fn + tn + fp),
        "sensitivity": (tp, tp + fn),
        "specificity": (tn, tn + fp),
        "precision": (tp, tp + fp),
        "f1": (tp, tp + fp + fn),
    }
    ends = {name: interval_of_ratio(*fraction) for name, fraction in fractions.items()}
    return ends | {
        "f1": _f1_of_jaccard(ends["f1"]),
        "auc": interval_of_auc(truth, scores, patients),
    }


def _f1_of_jaccard(ends: Interval | None) -> Interval | None:
    """F1 rises with the Jaccard index, a proportion of the slices that are COVID-19 or are called so."""
    return ends and (2 * ends[0] / (1 + ends[0]), 2 * ends[1] / (1 + ends[1]))
