"""All that is fitted to the slices of the fitting part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from edgect.calibration import thresholds
from edgect.calibration.gate_limits import accepted, fit_limits
from edgect.calibration.head_choice import HeadChoice, choose_head, keep_head
from edgect.calibration.head_fit import Direction
from edgect.calibration.measure import Rule
from edgect.calibration.patients import Floats, Labelled
from edgect.calibration.slice_features import SliceFeatures
from edgect.calibration.temperature_fit import fit_temperature
from edgect.errors import UsageError
from edgect.model.bundles.bundle import Bundle
from edgect.model.bundles.head import Head, read_head
from edgect.model.decision.out_of_distribution import OutOfDistributionDetector

DIGITS = 5  # of conformal scores


class Promise(NamedTuple):
    """Shares of slices of patients to come, 0 to 1, that `screening` and `specific` get right."""

    sensitivity: float
    specificity: float


class Point(NamedTuple):
    """threshold: of the probability, 0 to 1. chosen: how, a phrase."""

    threshold: float
    chosen: str


@dataclass(frozen=True)
class Fitted:
    """conformal_scores: probabilities by label, one for each patient, sorted."""

    detector: OutOfDistributionDetector
    choice: HeadChoice
    temperature: float
    points: Mapping[str, Point]
    conformal_scores: Mapping[str, Sequence[float]]

    def probabilities(self, features: SliceFeatures) -> Floats:
        """Of COVID-19, float64 `[n]`."""
        direction = self.choice.direction
        log_odds = features.log_odds if direction is None else direction.log_odds(features.embeddings)
        return sigmoid(log_odds / self.temperature)

    def rule(self, labels: tuple[str, str]) -> Rule:
        thresholds = {name: point.threshold for name, point in self.points.items()}
        return Rule(labels, thresholds, self.conformal_scores)


def check_promise(labelled: Labelled, promise: Promise) -> None:
    """Raises UsageError where the fitting part has too few patients for what is promised."""
    thresholds.check_promise(labelled.patients(True), promise.sensitivity, "sensitivity")
    thresholds.check_promise(labelled.patients(False), promise.specificity, "specificity")


def fit(bundle: Bundle, features: SliceFeatures, promise: Promise, refit_head: bool, seed: int) -> Fitted:
    """Fit all to the slices of the fitting part.

    Raises UsageError for too few patients with slices that get an answer.
    """
    both_classes(_labelled(features.where(features.readable)), "fitting")
    detector = fit_limits(OutOfDistributionDetector.load(bundle), features)
    answered = features.where(accepted(detector, features))
    check_promise(_labelled(answered), promise)
    if refit_head:
        choice = choose_head(answered, present_direction(bundle), bundle.manifest.temperature, seed)
    else:
        choice = keep_head(answered, "The head is kept, as was asked for.")
    temperature = fit_temperature(choice.fitted)
    return Fitted(
        detector,
        choice,
        temperature,
        _points(choice.fitted, temperature, promise),
        _conformal_scores(choice.fitted, temperature, bundle.manifest.labels),
    )


def present_direction(bundle: Bundle) -> Direction:
    """Of the bundle's head."""
    head = read_head(bundle)
    weight, bias = head.weight.astype(np.float64), head.bias.astype(np.float64)
    return Direction(weight[1] - weight[0], float(bias[1] - bias[0]))


def with_direction(head: Head, direction: Direction) -> Head:
    """A head of this direction, half of the change in either label's weights."""
    weight, bias = head.weight.astype(np.float64), head.bias.astype(np.float64)
    change = (direction.weight - (weight[1] - weight[0])) / 2
    shift = (direction.bias - (bias[1] - bias[0])) / 2
    return Head(
        (weight + np.stack([-change, change])).astype(np.float32),
        (bias + np.array([-shift, shift])).astype(np.float32),
    )


def sigmoid(log_odds: Floats | float) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(np.asarray(log_odds) / 2)))


def _labelled(features: SliceFeatures) -> Labelled:
    return Labelled(features.log_odds, features.labels, features.units)


def _points(fitted: Labelled, temperature: float, promise: Promise) -> dict[str, Point]:
    def probability(log_odds: float) -> float:
        return float(sigmoid(log_odds / temperature))

    lowest = probability(thresholds.screening(fitted, promise.sensitivity))
    highest = probability(thresholds.specific(fitted, promise.specificity))
    return {
        "balanced": Point(
            thresholds.probability_at_least(probability(thresholds.balanced(fitted))),
            "where the lesser of sensitivity and specificity is highest, patients weighing alike",
        ),
        "screening": Point(
            thresholds.probability_at_least(lowest),
            f"the highest at which a sensitivity of {promise.sensitivity:g} is promised for patients to come",
        ),
        "specific": Point(
            thresholds.probability_above(highest),
            f"the lowest at which a specificity of {promise.specificity:g} is promised for patients to come",
        ),
    }


def _conformal_scores(
    fitted: Labelled, temperature: float, labels: tuple[str, str]
) -> dict[str, list[float]]:
    values = {labels[0]: -fitted.mirrored().ranked(False), labels[1]: fitted.ranked(True)}
    return {
        label: sorted(round(float(p), DIGITS) for p in sigmoid(log_odds / temperature))
        for label, log_odds in values.items()
    }


def both_classes(labelled: Labelled, part: str) -> None:
    """Raises UsageError unless a part has patients of both classes."""
    for positive, name in ((True, "with"), (False, "without")):
        if labelled.patients(positive) == 0:
            raise UsageError(
                f"the {part} part has no readable slices {name} COVID-19; add patients to the table"
            )
