"""The rule for a series: by the share of its answered slices that reach the threshold, or `indeterminate`.

How its limits came about: `python -m benchmarks.series_rule`, which writes `benchmarks/SERIES.md`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, inf

from edgect.model.bundles.manifest import Manifest, SeriesLimits
from edgect.statistics.beta import beta_probability

DEFAULT = SeriesLimits(low=0.04, high=0.29, error_rate=0.05)  # of bundles whose manifest has none
ROUNDING = 1e-9  # of a share times a count


@dataclass(frozen=True)
class Bounds:
    """At thresholds up to `lower` a series is COVID-19, above `upper` it is not, in between indeterminate."""

    lower: float
    upper: float

    def says(self, threshold: float) -> bool | None:
        """Whether it is COVID-19 at a slice's threshold; None for indeterminate."""
        return True if self.lower >= threshold else False if self.upper < threshold else None

    @classmethod
    def highest(cls, bounds: Iterable[Bounds]) -> Bounds | None:
        """Of several series as one: COVID-19 where any is, and not where none may be. None of none."""
        own = list(bounds)
        return cls(max(each.lower for each in own), max(each.upper for each in own)) if own else None


@dataclass(frozen=True)
class SeriesRule:
    """limits: shares of a series' answered slices, and the error rate at which slices are too few.

    COVID-19 from the share `high` on, if so many positive slices would hardly come of a true share of `low`;
    not COVID-19 below the share `low`, if so few would hardly come of one of `high`. Hardly: by exact
    one-sided binomial tests, with a probability of at most `error_rate`. Neither place nor order of the
    slices matters; a further positive slice never lowers the answer, and a further negative never raises it.
    """

    limits: SeriesLimits = DEFAULT

    @classmethod
    def from_manifest(cls, manifest: Manifest) -> SeriesRule:
        return cls(manifest.series_rule or DEFAULT)

    def bounds(self, probabilities: Sequence[float]) -> Bounds | None:
        """Of a series. probabilities: of COVID-19, of its answered slices in any order. None without any."""
        if not probabilities:
            return None
        count, falling = len(probabilities), sorted(probabilities, reverse=True)
        positive, open_ = self.fewest_positive(count), self.fewest_indeterminate(count)
        return Bounds(
            lower=falling[positive - 1] if positive <= count else -inf,
            upper=falling[open_ - 1] if open_ else inf,
        )

    def fewest_positive(self, slices: int) -> int:
        """Of so many answered slices, the fewest that make COVID-19; one more than there are if none do."""
        first = ceil(self.limits.high * slices - ROUNDING)
        counts = range(first, slices + 1)
        return first + bisect_left(counts, True, key=lambda count: self._are_many(count, slices))

    def fewest_indeterminate(self, slices: int) -> int:
        """Of so many answered slices, the fewest with which it is no longer not COVID-19; 0 if never."""
        counts = range(ceil(self.limits.low * slices - ROUNDING))
        return bisect_left(counts, True, key=lambda count: not self._are_few(count, slices))

    @property
    def text(self) -> str:
        """The rule in words, as every row states it."""
        low, high = (f"{100 * share:g} %" for share in (self.limits.low, self.limits.high))
        return (
            f"COVID-19 where at least {high} of the answered slices reach the threshold, not COVID-19 where "
            f"fewer than {low} do, indeterminate in between and where slices are too few to tell; a rule, "
            "not a validated diagnosis"
        )

    def _are_many(self, count: int, slices: int) -> bool:
        """Whether a true share of `low` would hardly ever give so many."""
        chance = beta_probability(self.limits.low, count, slices - count + 1) if count else 1.0
        return chance <= self.limits.error_rate

    def _are_few(self, count: int, slices: int) -> bool:
        """Whether a true share of `high` would hardly ever give so few."""
        more = beta_probability(self.limits.high, count + 1, slices - count) if count < slices else 0.0
        return 1 - more <= self.limits.error_rate
