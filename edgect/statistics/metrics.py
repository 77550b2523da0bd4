"""The paper's five metrics, the area under the ROC curve, their 95 % intervals, and calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from edgect.statistics.bootstrap import DRAWS, SEED, ends, weights
from edgect.statistics.roc import Ranked

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


@dataclass(frozen=True)
class Bin:
    """Slices of neighbouring probabilities: how many, their probabilities, and how many of them were right.

    lowest, highest, probability: the smallest, the largest and the mean, 0 to 1. share: of COVID-19
    among them, 0 to 1; equal to `probability` where that means what it says.
    """

    count: int
    lowest: float
    highest: float
    probability: float
    share: float


def reliability(labels: ArrayLike, probabilities: ArrayLike, bins: int = 10) -> list[Bin]:
    """At most `bins` bins of as nearly equal counts as can be without parting equal probabilities.

    Equal counts, since most probabilities lie at the ends and bins of equal width would hold no
    slice in between (Nixon et al. 2019). An empty list without slices.
    """
    truth, given = np.asarray(labels, bool), np.asarray(probabilities, float)
    if truth.shape != given.shape:
        raise ValueError(f"{truth.size} labels for {given.size} probabilities")
    order = np.argsort(given, kind="stable")
    truth, given = truth[order], given[order]
    wanted = np.arange(1, bins) * len(given) // bins
    ends = np.unique(np.append(np.searchsorted(given, given[wanted[wanted > 0] - 1], "right"), len(given)))
    starts = np.append(0, ends[:-1])
    return [
        Bin(
            count=int(end - start),
            lowest=float(given[start]),
            highest=float(given[end - 1]),
            probability=float(given[start:end].mean()),
            share=float(truth[start:end].mean()),
        )
        for start, end in zip(starts, ends, strict=True)
        if start < end
    ]


def expected_calibration_error(labels: ArrayLike, probabilities: ArrayLike, bins: int = 10) -> float:
    """By how much probabilities miss the share of COVID-19, 0 to 1: the mean over `reliability` bins.

    Of the probability of COVID-19, not of the predicted class (Naeini et al. 2015 with bins of
    equal counts). Few slices raise it by chance alone. NaN without slices.
    """
    found = reliability(labels, probabilities, bins)
    slices = sum(bin.count for bin in found)
    missed = sum(bin.count * abs(bin.probability - bin.share) for bin in found)
    return missed / slices if slices else float("nan")


def brier(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Mean squared distance of the probability from 0 or 1 (Brier 1950), 0 to 1; NaN without slices."""
    truth, given = np.asarray(labels, bool), np.asarray(probabilities, float)
    return float(np.mean((given - truth) ** 2)) if given.size else float("nan")


def evaluate(labels: ArrayLike, probabilities: ArrayLike, threshold: float = 0.5) -> dict[str, float]:
    """The five metrics at `probability >= threshold`, and the AUC."""
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
    said, ranked = scores >= threshold, Ranked(truth, scores)
    cells = np.array([truth & said, truth & ~said, ~truth & ~said, ~truth & said], float).T
    rows = []
    for times in weights(patients, draws, seed):
        drawn = (Confusion(*(int(count) for count in counts)) for counts in times @ cells)
        five = np.array([list(counts.metrics().values()) for counts in drawn])
        rows.append(np.column_stack([five, ranked.areas(times)]))
    low, high = ends(np.concatenate(rows))
    return {name: (float(a), float(b)) for name, a, b in zip((*FIVE, "auc"), low, high, strict=True)}
