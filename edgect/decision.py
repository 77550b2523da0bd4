"""From a probability to a label: threshold, operating point, and the band in which there is no saying."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgect.errors import UsageError

POINTS = ("balanced", "screening")
OWN = ""  # the operating point of a threshold that was given instead
INDETERMINATE = "indeterminate"


@dataclass(frozen=True)
class Decision:
    """labels: not COVID-19, COVID-19. threshold: probability at and above which the label is the second.

    point: the operating point that the threshold belongs to, `OWN` for a threshold of the user's.
    """

    labels: tuple[str, str]
    threshold: float
    point: str

    @classmethod
    def of(
        cls, manifest: Mapping[str, Any], point: str | None = None, threshold: float | None = None
    ) -> Decision:
        """By a bundle's operating point, `balanced` by default, or by a threshold in its place.

        Raises UsageError: a threshold outside 0 to 1, an operating point that the bundle does not have,
        or both of them.
        """
        first, second = manifest["labels"]
        if threshold is not None:
            if point is not None:
                raise UsageError("give an operating point or a threshold, not both")
            if not 0 <= threshold <= 1:
                raise UsageError(f"threshold must lie in 0 to 1, not {threshold}")
            return cls((first, second), float(threshold), OWN)
        point = point or POINTS[0]
        points = {POINTS[0]: manifest["threshold"]}
        if point not in points:
            raise UsageError(f"unknown operating point {point!r}; there are {', '.join(points)}")
        return cls((first, second), float(points[point]), point)

    def label(self, probability: float) -> str:
        """probability: of COVID-19, 0 to 1."""
        return self.labels[int(probability >= self.threshold)]
