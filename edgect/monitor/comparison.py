"""A period held against a baseline: three tests, and whether any of them says drift."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from edgect.audit.chain import Line
from edgect.audit.verification import intact_lines
from edgect.errors import UsageError
from edgect.monitor.studies import Period, is_new_answer, period
from edgect.statistics.two_samples import (
    KolmogorovSmirnov,
    StabilityIndex,
    holm,
    kolmogorov_smirnov,
    population_stability,
)

SCHEMA = 1
QUANTITIES = ("probability", "distance", "unanswered")
LEVEL = 0.05  # chance of any false alarm in as many looks as are planned
LOOKS = 52  # of a week each
LEAST = 0.05  # distance of distributions that is worth an alarm
MIN_STUDIES = 30  # in either, below which a quantity is not tested


@dataclass(frozen=True)
class Test:
    """Of one quantity. baseline, current: values of studies. adjusted: p-value, for all tests and looks."""

    quantity: str
    baseline: tuple[float, ...]
    current: tuple[float, ...]
    test: KolmogorovSmirnov
    stability: StabilityIndex
    adjusted: float
    drift: bool


@dataclass(frozen=True)
class Comparison:
    """tests: of quantities that enough studies have. looks, least: as asked for."""

    bundle: str
    baseline: Period
    current: Period
    tests: tuple[Test, ...]
    looks: int
    least: float

    @property
    def drift(self) -> bool:
        return any(test.drift for test in self.tests)

    def document(self) -> dict[str, Any]:
        """For machines; numbers of studies in place of their values."""
        return {
            "schema": SCHEMA,
            "drift": self.drift,
            "bundle": self.bundle,
            "level": LEVEL,
            "looks": self.looks,
            "least_distance": self.least,
            "baseline": _period_document(self.baseline),
            "current": _period_document(self.current),
            "tests": {
                test.quantity: {
                    "drift": test.drift,
                    "baseline_studies": len(test.baseline),
                    "current_studies": len(test.current),
                    "distance": test.test.distance,
                    "at": test.test.at,
                    "p_value": test.test.p_value,
                    "adjusted_p_value": test.adjusted,
                    "population_stability_index": asdict(test.stability),
                }
                for test in self.tests
            },
        }


def monitor(
    files: Sequence[Path],
    baseline_files: Sequence[Path],
    since: date | None = None,
    until: date | None = None,
    looks: int = LOOKS,
    least: float = LEAST,
) -> Comparison:
    """Hold the answers of a trail against those of a baseline. since, until: days in UTC, both included.

    Lines that are in both count for the period only, so that a trail can be its own baseline. Only answers
    of the period's latest bundle are compared. Raises AlteredError, UsageError.
    """
    current = [line for line in _between(files, since, until) if is_new_answer(line)]
    if not current:
        raise UsageError("no answer in that period of the trail, so that there is nothing to compare")
    bundle, own = str(current[-1].content["bundle"]), {line.link.hash for line in current}
    others = (line for line in intact_lines(baseline_files) if line.link.hash not in own)
    baseline, now = period(others, bundle), period(current, bundle)
    if not baseline.studies:
        raise UsageError(
            f"the baseline has no answer of bundle {bundle} besides those of the period: take weeks of that "
            "bundle for it, which were as they should be"
        )
    tests = tuple(_tests(baseline, now, looks, least))
    if not tests:
        raise UsageError(
            f"too few studies, {len(baseline.studies)} in the baseline and {len(now.studies)} in the period: "
            f"each must have {MIN_STUDIES}"
        )
    return Comparison(bundle, baseline, now, tests, looks, least)


def _between(files: Sequence[Path], since: date | None, until: date | None) -> Iterator[Line]:
    for line in intact_lines(files):
        day = str(line.content["time"])[:10]
        if (since is None or day >= since.isoformat()) and (until is None or day <= until.isoformat()):
            yield line


def _tests(baseline: Period, current: Period, looks: int, least: float) -> Iterator[Test]:
    values = {
        name: (_values(baseline, name), _values(current, name))
        for name in QUANTITIES
        if min(len(_values(baseline, name)), len(_values(current, name))) >= MIN_STUDIES
    }
    results = [kolmogorov_smirnov(*pair) for pair in values.values()]
    adjusted = holm([result.p_value for result in results])
    for (name, pair), result, p_value in zip(values.items(), results, adjusted, strict=True):
        p_value = min(1.0, looks * p_value)
        drift = p_value <= LEVEL and result.distance >= least
        yield Test(name, *pair, result, population_stability(*pair), p_value, drift)


def _values(of: Period, quantity: str) -> tuple[float, ...]:
    values = (getattr(study, quantity) for study in of.studies)
    return tuple(value for value in values if value is not None)


def _period_document(of: Period) -> dict[str, Any]:
    return {"studies": len(of.studies), "slices": of.slices, "first": of.first, "last": of.last}
