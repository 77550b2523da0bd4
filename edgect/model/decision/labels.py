"""From a probability to a label, by a threshold; with an error rate, to `indeterminate` in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from edgect.errors import UsageError
from edgect.model.bundles.manifest import Manifest
from edgect.model.decision.series_rule import SeriesRule
from edgect.statistics.conformal import ConformalPredictor

DEFAULT_POINT = "balanced"  # which every bundle has
CUSTOM_THRESHOLD = ""  # the operating point of a threshold that the user has set
INDETERMINATE = "indeterminate"


@dataclass(frozen=True)
class Decision:
    """labels: not COVID-19, COVID-19. threshold: probability at and above which the label is the second.

    operating_point: whose threshold it is, `CUSTOM_THRESHOLD` for the user's own. conformal: if set, a
    label is given only where no other is possible and the threshold agrees. series_rule: makes one label of
    the slices of a series.
    """

    labels: tuple[str, str]
    threshold: float
    operating_point: str
    conformal: ConformalPredictor | None = None
    series_rule: SeriesRule = field(default_factory=SeriesRule)

    @classmethod
    def from_manifest(
        cls,
        manifest: Manifest,
        operating_point: str | None = None,
        threshold: float | None = None,
        error_rate: float | None = None,
    ) -> Decision:
        """By a bundle's operating point, `balanced` by default, or by a threshold in its place.

        error_rate: of conformal prediction, which is off by default. Raises UsageError: a threshold or a
        rate out of range, an operating point that the bundle does not have, or a point and a threshold.
        """
        labels, series_rule = manifest.labels, SeriesRule.from_manifest(manifest)
        conformal = None
        if error_rate is not None:
            conformal = conformal_predictor(manifest.conformal_scores, labels, error_rate)
        if threshold is not None:
            if operating_point is not None:
                raise UsageError("give an operating point or a threshold, not both")
            if not 0 <= threshold <= 1:
                raise UsageError(f"threshold must lie in 0 to 1, not {threshold}")
            return cls(labels, float(threshold), CUSTOM_THRESHOLD, conformal, series_rule)
        name = operating_point or DEFAULT_POINT
        points = manifest.operating_points
        if name not in points:
            raise UsageError(f"unknown operating point {name!r}; there are {', '.join(points)}")
        return cls(labels, float(points[name]), name, conformal, series_rule)

    @property
    def error_rate(self) -> float | None:
        """Of conformal prediction, None without it."""
        return self.conformal.error_rate if self.conformal else None

    def label(self, probability: float) -> str:
        """probability: of COVID-19, 0 to 1. Where both labels are possible, or neither: `INDETERMINATE`."""
        positive = probability >= self.threshold
        if self.conformal and self.conformal.possible(probability) != (not positive, positive):
            return INDETERMINATE
        return self.labels[int(positive)]

    def series_label(self, probabilities: Sequence[float]) -> str:
        """Of a series, by the probabilities of its answered slices; empty without any."""
        bounds = self.series_rule.bounds(probabilities)
        if bounds is None:
            return ""
        positive = bounds.says(self.threshold)
        return INDETERMINATE if positive is None else self.labels[int(positive)]

    def reason(self, probability: float) -> str:
        """Why the label is `INDETERMINATE`, naming the range of such probabilities; otherwise empty."""
        if self.conformal is None or self.label(probability) != INDETERMINATE:
            return ""
        limits = (self.conformal.lowest_positive, self.conformal.highest_negative, self.threshold)
        return (
            f"no label at an error rate of {self.conformal.error_rate:g}: probability {probability:.4f} lies "
            f"within {min(limits):.4f} to {max(limits):.4f}"
        )


def conformal_predictor(
    scores: Mapping[str, Sequence[float]], labels: tuple[str, str], error_rate: float
) -> ConformalPredictor:
    """scores: of a manifest, the probabilities of COVID-19 of validation slices by label.

    Raises UsageError as `ConformalPredictor.calibrate` does.
    """
    return ConformalPredictor.calibrate(scores[labels[0]], scores[labels[1]], error_rate)
