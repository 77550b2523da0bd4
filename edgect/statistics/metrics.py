"""The paper's five metrics and the area under the ROC curve, with 95 % intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from edgect.statistics.bootstrap import DRAWS, SEED, percentile_interval, slice_weights
from edgect.statistics.roc import RankedScores, auc

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
    draws: int = DRAWS,
    seed: int = SEED,
) -> Mapping[str, tuple[float, float]]:
    """95 % percentile bootstrap intervals of `evaluate`, whole patients drawn with replacement.

    Draws in which a metric is undefined are left out; a metric that always is has NaN for both ends.
    """
    truth, scores = np.asarray(labels, bool), np.asarray(probabilities, float)
    if not len(truth) == len(scores) == len(patients):
        raise ValueError("labels, probabilities and patients differ in length")
    positive, ranked = scores >= threshold, RankedScores(truth, scores)
    cells = np.array([truth & positive, truth & ~positive, ~truth & ~positive, ~truth & positive], float).T
    rows = []
    for times in slice_weights(patients, draws, seed):
        drawn = (Confusion(*(int(count) for count in counts)) for counts in times @ cells)
        five = np.array([list(counts.metrics().values()) for counts in drawn])
        rows.append(np.column_stack([five, ranked.areas(times)]))
    low, high = percentile_interval(np.concatenate(rows))
    return {name: (float(a), float(b)) for name, a, b in zip((*FIVE, "auc"), low, high, strict=True)}
