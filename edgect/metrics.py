"""The paper's five metrics, the area under the ROC curve, and their 95 % intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
        pairs = {
            "accuracy": (tp + tn, tp + fn + tn + fp),
            "sensitivity": (tp, tp + fn),
            "specificity": (tn, tn + fp),
            "precision": (tp, tp + fp),
            "f1": (2 * tp, 2 * tp + fp + fn),
        }
        return {name: over / under if under else float("nan") for name, (over, under) in pairs.items()}


def confusion(labels: ArrayLike, predicted: ArrayLike) -> Confusion:
    """Count two sequences of equal length of 0 (not COVID-19) and 1 (COVID-19)."""
    truth, said = np.asarray(labels, bool), np.asarray(predicted, bool)
    if truth.shape != said.shape:
        raise ValueError(f"{truth.size} labels for {said.size} predictions")
    return Confusion(
        tp=int((truth & said).sum()),
        fn=int((truth & ~said).sum()),
        tn=int((~truth & ~said).sum()),
        fp=int((~truth & said).sum()),
    )


def auc(labels: ArrayLike, scores: ArrayLike) -> float:
    """Area under the ROC curve: how often a positive outscores a negative, ties counting half.

    The Mann-Whitney statistic (Hanley and McNeil 1982). NaN where a class is empty.
    """
    truth, score = np.asarray(labels, bool), np.asarray(scores, float)
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if not positives or not negatives:
        return float("nan")
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    u = ranks[truth].sum() - positives * (positives + 1) / 2
    return float(u / (positives * negatives))


def evaluate(labels: ArrayLike, probabilities: ArrayLike, threshold: float = 0.5) -> dict[str, float]:
    """The five metrics at `probability >= threshold`, and the AUC."""
    scores = np.asarray(probabilities, float)
    return {**confusion(labels, scores >= threshold).metrics(), "auc": auc(labels, scores)}


def intervals(
    labels: ArrayLike,
    probabilities: ArrayLike,
    patients: Sequence[str],
    threshold: float = 0.5,
    draws: int = 2000,
    seed: int = 0,
) -> Mapping[str, tuple[float, float]]:
    """95 % percentile bootstrap intervals of `evaluate`, whole patients drawn with replacement.

    Patients, not slices, are the independent units, so slices of one patient stay together
    (cluster bootstrap, Field and Welsh 2007). Draws in which a metric is undefined are left out.
    """
    truth, scores = np.asarray(labels, int), np.asarray(probabilities, float)
    if not len(truth) == len(scores) == len(patients):
        raise ValueError("labels, probabilities and patients differ in length")
    groups = _indices_by(patients)
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(draws):
        chosen = np.concatenate([groups[i] for i in rng.integers(len(groups), size=len(groups))])
        rows.append(list(evaluate(truth[chosen], scores[chosen], threshold).values()))
    low, high = np.nanpercentile(np.array(rows), [2.5, 97.5], axis=0)
    return {name: (float(a), float(b)) for name, a, b in zip((*FIVE, "auc"), low, high, strict=True)}


def _indices_by(patients: Sequence[str]) -> list[NDArray[np.intp]]:
    _, inverse = np.unique(np.asarray(patients), return_inverse=True)
    return [np.flatnonzero(inverse == number) for number in range(inverse.max() + 1)]
