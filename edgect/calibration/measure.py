"""What a bundle gives on labelled slices, before and after it was fitted: figures for manifest and report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgect.calibration.patients import Floats, count_patients
from edgect.errors import UsageError
from edgect.model.decision.labels import CUSTOM_THRESHOLD, INDETERMINATE, Decision, conformal_predictor
from edgect.statistics import paired
from edgect.statistics.calibration import expected_calibration_error
from edgect.statistics.metrics import evaluate, intervals

BINS = 10
RATES = (0.05, 0.1, 0.2)
DIGITS = 4

Figures = dict[str, Any]


@dataclass(frozen=True)
class Rule:
    """From a probability to a label. thresholds: by operating point. scores: conformal, by label."""

    labels: tuple[str, str]
    thresholds: Mapping[str, float]
    scores: Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Answers:
    """Slices that got an answer: probabilities of COVID-19, float64 `[n]`, labels and patients."""

    probabilities: Floats
    labels: NDArray[np.bool_]
    units: NDArray[np.str_]


def figures(answers: Answers, rule: Rule) -> Figures:
    """AUC, calibration error, both rates at each point, and what conformal prediction leaves undecided.

    Slices count alike; 95 % intervals are by patient. What needs a class that is not there is
    left out.
    """
    if not len(answers.labels):
        return {"slices": 0, "patients": 0, "points": {}, "conformal": {}}
    points = {name: _rates(answers, threshold) for name, threshold in rule.thresholds.items()}
    return {
        "slices": len(answers.labels),
        "patients": count_patients(answers.units),
        **_auc(answers),
        "expected_calibration_error": round(
            expected_calibration_error(answers.labels, answers.probabilities, BINS), DIGITS
        ),
        "points": points,
        "conformal": label_shares(answers, rule),
    }


def label_shares(answers: Answers, rule: Rule) -> Figures:
    """By error rate: the share without a label, and of each class's slices those with the other's label."""
    by_rate = {}
    for rate in RATES:
        with suppress(UsageError):  # too few patients for so small a rate
            predictor = conformal_predictor(rule.scores, rule.labels, rate)
            decision = Decision(rule.labels, rule.thresholds["balanced"], CUSTOM_THRESHOLD, predictor)
            assigned = np.array([decision.label(float(p)) for p in answers.probabilities])
            by_rate[f"{rate:g}"] = {
                "indeterminate": round(float(np.mean(assigned == INDETERMINATE)), DIGITS),
                "wrong": {
                    name: round(float(np.mean(assigned[own] == rule.labels[1 - label])), DIGITS)
                    for label, name in enumerate(rule.labels)
                    if (own := answers.labels == label).any()
                },
            }
    return by_rate


def differences(before: Answers, after: Answers, rules: tuple[Rule, Rule]) -> Figures:
    """After less before, on the same slices, with paired 95 % intervals by patient.

    Of the AUC, and of the rates at the points that both rules have.
    """
    labels, units = after.labels, after.units
    if not labels.any() or labels.all():
        return {}
    points: dict[str, Figures] = {}
    for name in rules[0].thresholds:
        if name not in rules[1].thresholds:
            continue
        right = [
            (each.probabilities >= rule.thresholds[name]) == labels
            for each, rule in zip((before, after), rules, strict=True)
        ]
        points[name] = {
            rate: _difference(paired.difference_of_shares(right[1][own], right[0][own], units[own]))
            for rate, own in (("sensitivity", labels), ("specificity", ~labels))
        }
    gained = paired.difference_of_areas(labels, after.probabilities, before.probabilities, units)
    return {"auc": _difference(gained), "points": points}


def _difference(each: paired.Difference) -> Figures:
    ends = None if each.low is None or each.high is None else (each.low, each.high)
    return {"value": _rounded(each.value), "interval": _ends(ends)}


def _auc(answers: Answers) -> Figures:
    if not answers.labels.any() or answers.labels.all():
        return {}
    value = evaluate(answers.labels, answers.probabilities)["auc"]
    ends = intervals(answers.labels, answers.probabilities, list(answers.units))["auc"]
    return {"auc": {"value": _rounded(value), "interval": _ends(ends)}}


def _rates(answers: Answers, threshold: float) -> Figures:
    values = evaluate(answers.labels, answers.probabilities, threshold)
    ends = intervals(answers.labels, answers.probabilities, list(answers.units), threshold)
    return {
        name: {
            "value": _rounded(values[name]),
            "interval": _ends(ends[name]),
            "slices": int((answers.labels == label).sum()),
        }
        for name, label in (("sensitivity", True), ("specificity", False))
        if (answers.labels == label).any()
    }


def _ends(interval: tuple[float, float] | None) -> list[float] | None:
    """None of one patient alone."""
    return None if interval is None else [_rounded(end) for end in interval]


def _rounded(value: float) -> float:
    return round(float(value), DIGITS)
