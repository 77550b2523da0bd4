"""A fitted bundle beside its parent, on the same slices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgect.calibration.fit import Fitted, sigmoid
from edgect.calibration.gate_limits import accepted
from edgect.calibration.measure import Answers, Rule, differences, figures
from edgect.calibration.slice_features import SliceFeatures
from edgect.model.bundles.bundle import Bundle
from edgect.model.decision.out_of_distribution import OutOfDistributionDetector


@dataclass(frozen=True)
class Measured:
    """What a fitted bundle gives on the slices of a part, beside its parent on the same slices.

    before, after, difference: of `edgect.calibration.measure`. rejected: slices by which bundle rejects them.
    """

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    difference: Mapping[str, Any]
    rejected: Mapping[str, int]


def measure(bundle: Bundle, fitted: Fitted, features: SliceFeatures) -> Measured:
    """bundle: the parent. Figures are of slices that the fitted bundle answers on."""
    manifest = bundle.manifest
    answered = features.where(accepted(fitted.detector, features))
    before = Answers(sigmoid(answered.log_odds / manifest.temperature), answered.labels, answered.units)
    after = Answers(fitted.probabilities(answered), answered.labels, answered.units)
    rules = (
        Rule(manifest.labels, manifest.operating_points, manifest.conformal_scores),
        fitted.rule(manifest.labels),
    )
    return Measured(
        figures(before, rules[0]),
        figures(after, rules[1]),
        differences(before, after, rules),
        rejected(bundle, fitted.detector, features),
    )


def measure_fitting(fitted: Fitted, labels: tuple[str, str]) -> dict[str, Any]:
    """Figures of the fitting part, which flatter; of a new head, by heads that had not seen the patient."""
    slices = fitted.choice.fitted
    answers = Answers(sigmoid(slices.log_odds / fitted.temperature), slices.labels, slices.units)
    return figures(answers, fitted.rule(labels))


def rejected(bundle: Bundle, detector: OutOfDistributionDetector, features: SliceFeatures) -> dict[str, int]:
    """How many slices a bundle's own detector rejects, and another, of those that can be read."""
    readable = sum(status != "error" for status in features.statuses)
    parent = OutOfDistributionDetector.load(bundle)
    return {
        name: readable - int(np.count_nonzero(accepted(each, features)))
        for name, each in (("before", parent), ("after", detector))
    }
