"""What coverage is measured of, and the row that says it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgect.statistics.intervals import Interval
from train.report.markdown import number

PATIENTS, CLUSTERS = (5, 10, 20, 50), ((1, 0.0), (10, 0.0), (10, 0.5))
WANTED, WIDE = 0.95, 0.5
Floats = NDArray[np.float64]


class Setting(NamedTuple):
    """correlation: of slices of one patient. truth: the figure, in words where one number is not enough."""

    patients: int
    slices: int
    correlation: float
    truth: str


class Coverage(NamedTuple):
    """covered: how often the interval holds the truth. width: its mean. repetitions: 0 for an exact sum.

    bootstrap: how often that of the plain percentile bootstrap does; None where it was not tried.
    """

    covered: float
    width: float
    repetitions: int = 0
    bootstrap: float | None = None

    @property
    def short(self) -> bool:
        """Below what is wanted by more than the simulation leaves open, or the draws of an interval."""
        return self.covered < WANTED - (two_errors(self.repetitions) if self.repetitions else 5e-4)


def two_errors(repetitions: int) -> float:
    """Two standard errors of what is covered as often as is wanted."""
    return float(2 * (WANTED * (1 - WANTED) / repetitions) ** 0.5)


Results = dict[Setting, Coverage]


def clusters(truths: tuple[float, ...]) -> Iterator[tuple[int, int, float, float]]:
    """Patients, slices of each, their correlation, and the truth."""
    for patients in PATIENTS:
        for slices, correlation in CLUSTERS:
            for truth in truths:
                yield patients, slices, correlation, truth


def within(interval: Interval | None, value: float) -> bool:
    return interval is not None and interval[0] - 1e-9 <= value <= interval[1] + 1e-9


def width(interval: Interval | None) -> float:
    return interval[1] - interval[0] if interval else 2.0


def cells(setting: Setting, coverage: Coverage) -> list[str]:
    own = [str(setting.patients), str(setting.slices), number(setting.correlation, 1), setting.truth]
    own += [number(coverage.covered), number(coverage.width, 2)]
    return own if coverage.bootstrap is None else [*own, number(coverage.bootstrap)]
