"""From a probability to a label: threshold, operating point, and the band in which there is no saying."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgect.errors import UsageError
from edgect.model.bundles.manifest import Manifest

POINTS = ("balanced", "screening")
OWN = ""  # the operating point of a threshold that was given instead
INDETERMINATE = "indeterminate"


@dataclass(frozen=True)
class Band:
    """Which labels a probability leaves possible: COVID-19 from `least` on, the other up to `most`.

    Split-conformal prediction class by class (Vovk 2012, Conditional validity of inductive conformal
    predictors): a class is possible unless fewer than a share `error_rate` of its validation slices lie
    as far on the wrong side. So of the slices of either class, at most that share gets the other's label:
    on average, if slices to come and validation slices are exchangeable. Those of another hospital are
    not. Slices of one patient are not independent either, so that the share holds over many patients,
    and varies the more from one lot to the next the fewer they come from.
    """

    least: float
    most: float
    error_rate: float

    @classmethod
    def of(cls, scores: Mapping[str, Sequence[float]], labels: tuple[str, str], error_rate: float) -> Band:
        """scores: by label, the probabilities of COVID-19 of validation slices that got an answer.

        Raises UsageError for a rate outside 0 to 1, and for one that is too small for so few slices.
        """
        if not 0 < error_rate < 1:
            raise UsageError(f"error rate must lie between 0 and 1, not {error_rate}")
        first, second = (sorted(scores[label]) for label in labels)
        fewest = min(len(first), len(second))
        if error_rate * (fewest + 1) < 1:
            raise UsageError(
                f"an error rate of {error_rate} cannot be kept with {fewest} validation slices of a class; "
                f"the smallest with them is {1 / (fewest + 1):.4f}"
            )
        beyond = [int(error_rate * (len(of_class) + 1)) for of_class in (first, second)]
        return cls(second[beyond[1] - 1], first[-beyond[0]], error_rate)

    def possible(self, probability: float) -> tuple[bool, bool]:
        """Whether not COVID-19, and whether COVID-19."""
        return probability <= self.most, probability >= self.least


@dataclass(frozen=True)
class Decision:
    """labels: not COVID-19, COVID-19. threshold: probability at and above which the label is the second.

    point: the operating point that the threshold belongs to, `OWN` for a threshold of the user's.
    band: with one, a label is given only where no other is possible and the threshold says the same.
    """

    labels: tuple[str, str]
    threshold: float
    point: str
    band: Band | None = None

    @classmethod
    def of(
        cls,
        manifest: Manifest,
        point: str | None = None,
        threshold: float | None = None,
        error_rate: float | None = None,
    ) -> Decision:
        """By a bundle's operating point, `balanced` by default, or by a threshold in its place.

        error_rate: of an indeterminate band, none by default. Raises UsageError: a threshold or a rate out
        of range, an operating point that the bundle does not have, or one and a threshold too.
        """
        labels = manifest.labels
        band = None
        if error_rate is not None:
            band = Band.of(manifest.conformal_scores, labels, error_rate)
        if threshold is not None:
            if point is not None:
                raise UsageError("give an operating point or a threshold, not both")
            if not 0 <= threshold <= 1:
                raise UsageError(f"threshold must lie in 0 to 1, not {threshold}")
            return cls(labels, float(threshold), OWN, band)
        point = point or POINTS[0]
        points = manifest.operating_points
        if point not in points:
            raise UsageError(f"unknown operating point {point!r}; there are {', '.join(points)}")
        return cls(labels, float(points[point]), point, band)

    @property
    def error_rate(self) -> float | None:
        """Of the band, None without one."""
        return self.band.error_rate if self.band else None

    def label(self, probability: float) -> str:
        """probability: of COVID-19, 0 to 1. Where both labels are possible, or neither: `INDETERMINATE`."""
        said = probability >= self.threshold
        if self.band and self.band.possible(probability) != (not said, said):
            return INDETERMINATE
        return self.labels[int(said)]

    def reason(self, probability: float) -> str:
        """Why the label is `INDETERMINATE`, naming the band; empty where it is not."""
        if self.band is None or self.label(probability) != INDETERMINATE:
            return ""
        low, *_, high = sorted((self.band.least, self.band.most, self.threshold))
        return (
            f"no label at an error rate of {self.band.error_rate:g}: probability {probability:.4f} lies "
            f"within {low:.4f} to {high:.4f}"
        )
