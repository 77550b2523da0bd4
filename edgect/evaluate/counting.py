"""Answers counted against the truth: of slices, of series, of patients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edgect.evaluate.report import Estimate, Point, known
from edgect.model.bundles.manifest import Manifest
from edgect.statistics.metrics import FIVE, Confusion, confusion, evaluate, intervals

Counted = tuple[int, Confusion, dict[str, Estimate]]
"""How many, which of them are right, and metrics by name."""


class Answer(Protocol):
    """What is counted once. truth: 1 COVID-19, 0 not. unit: what it is drawn with, such as its patient.

    name: for people; of a slice, its file's.

    answered: whether there is a label of the two. probability: of COVID-19, of what is answered alone.
    """

    @property
    def name(self) -> str: ...
    @property
    def truth(self) -> int: ...
    @property
    def answered(self) -> bool: ...
    @property
    def probability(self) -> float: ...
    @property
    def unit(self) -> str: ...


def columns(answers: Sequence[Answer]) -> tuple[list[int], list[float], list[str]]:
    """Labels, probabilities and units of what is answered."""
    return (
        [each.truth for each in answers],
        [each.probability for each in answers],
        [each.unit for each in answers],
    )


def classes(answers: Sequence[Answer]) -> tuple[int, int]:
    """How many are COVID-19, and how many are not."""
    positives = sum(each.truth for each in answers)
    return positives, len(answers) - positives


def predicted(answers: Sequence[Answer], threshold: float) -> NDArray[np.bool_]:
    """Which are called COVID-19, bool `[answers]`; what has no answer counts as wrong."""
    return np.array(
        [each.probability >= threshold if each.answered else not each.truth for each in answers], bool
    )


def count_answered(answers: Sequence[Answer], threshold: float) -> Counted:
    """What is answered, with the five metrics and the AUC."""
    labels, probabilities, units = columns([each for each in answers if each.answered])
    return _counted(labels, probabilities, units, threshold, (*FIVE, "auc"))


def count_all(answers: Sequence[Answer], threshold: float) -> Counted:
    """Everything, what has no answer as wrong: as with scores of 0 and 1, of which there is no AUC."""
    labels, units = [each.truth for each in answers], [each.unit for each in answers]
    return _counted(labels, [float(each) for each in predicted(answers, threshold)], units, 0.5, FIVE)


def _counted(
    labels: list[int], scores: list[float], units: list[str], threshold: float, names: Sequence[str]
) -> Counted:
    counted = confusion(labels, np.asarray(scores) >= threshold)
    if not labels:
        return 0, counted, {name: Estimate(None, None, None) for name in names}
    values, ends = evaluate(labels, scores, threshold), intervals(labels, scores, units, threshold)
    results = {name: Estimate(known(values[name]), *(ends[name] or (None, None))) for name in names}
    return len(labels), counted, results


def operating_points(answers: Sequence[Answer], manifest: Manifest) -> list[Point]:
    """Counts of what is answered at each threshold of the bundle."""
    return [point_of(answers, name, threshold) for name, threshold in manifest.operating_points.items()]


def point_of(answers: Sequence[Answer], name: str, threshold: float) -> Point:
    """Counts of what is answered at one threshold."""
    labels, probabilities, _ = columns([each for each in answers if each.answered])
    counted = confusion(labels, np.asarray(probabilities) >= threshold)
    return Point(
        name, threshold, counted, {metric: known(value) for metric, value in counted.metrics().items()}
    )
