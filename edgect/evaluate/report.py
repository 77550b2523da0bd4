"""What was found, as data whose names stay: this is the JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Any

from edgect.statistics.calibration import CalibrationBin
from edgect.statistics.metrics import Confusion

SCHEMA = 1


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval, 0 to 1; None where undefined, as sensitivity without COVID-19.

    low, high: None also where one patient alone is counted, who says nothing of others.
    """

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Counts:
    """A bundle's answers counted at one threshold; COVID-19 is the positive class.

    metrics: accuracy, sensitivity, specificity, precision, f1, and auc where it is of the answers alone.
    """

    slices: int
    confusion: Confusion
    metrics: dict[str, Estimate]


@dataclass(frozen=True)
class Point:
    """An operating point of the bundle, on the answered slices. metrics: the five, without intervals."""

    name: str
    threshold: float
    confusion: Confusion
    metrics: dict[str, float | None]


@dataclass(frozen=True)
class Calibration:
    """Of the answered slices, 0 to 1; None without any. bins: of equal counts, see `metrics.Bin`."""

    brier: float | None
    expected_calibration_error: float | None
    bins: list[CalibrationBin]


@dataclass(frozen=True)
class Coverage:
    """Rows, one for each slice. indeterminate: answered, but with neither label. reasons: how often each."""

    rows: int
    answered: int
    indeterminate: int
    rejected: int
    error: int
    reasons: dict[str, int]


@dataclass(frozen=True)
class Model:
    """digest: SHA-256 of the bundle's manifest. operating_point: empty for a threshold of the user's."""

    name: str
    digest: str
    backend: str
    engine: str
    precision: str
    threads: int
    threshold: float
    operating_point: str


@dataclass(frozen=True)
class Data:
    """positives, negatives: rows by their true label. unit: `patient` or `file`, what intervals are by.

    units: how many of them.
    """

    source: str
    files: int
    positives: int
    negatives: int
    unit: str
    units: int


@dataclass(frozen=True)
class GroupCounts:
    """Series or patients counted at one threshold; otherwise as `Counts`."""

    count: int
    confusion: Confusion
    metrics: dict[str, Estimate]


@dataclass(frozen=True)
class Groups:
    """What `rule` says of series or patients. by: `series` or `patient`. count: how many there are.

    positives, negatives: by their truth, which is COVID-19 where any slice is labelled so. series: how many
    stand behind. indeterminate: those of the count that the rule gives neither label. unplaced: series of
    several slices where some have no position, which the rule does not need. alone: slices of no known
    series, which count as one of their patient, or each as one. unit: `patient` or `series`, what intervals
    are drawn by; units: how many of them. answered: of those with one of the two labels.
    intention_to_diagnose: of all, where none of the two labels counts as a wrong one.
    """

    by: str
    rule: str
    count: int
    indeterminate: int
    positives: int
    negatives: int
    series: int
    unplaced: int
    alone: int
    unit: str
    units: int
    answered: GroupCounts
    intention_to_diagnose: GroupCounts
    operating_points: list[Point]


@dataclass(frozen=True)
class Report:
    """schema: 1; another number if a name goes or changes its meaning. date: ISO 8601, UTC.

    answered: of the slices with a label of the two. intention_to_diagnose: of all, where no answer counts
    as a wrong one. notes: what to keep in mind, a sentence each. groups: of series or patients, None where
    slices alone are counted.
    """

    schema: int
    notice: str
    date: str
    version: str
    data: Data
    model: Model
    coverage: Coverage
    answered: Counts
    intention_to_diagnose: Counts
    operating_points: list[Point]
    calibration: Calibration
    notes: list[str]
    groups: Groups | None = None

    def to_json(self) -> str:
        """One object of these names, nested as here; what is undefined is null."""
        fields: dict[str, Any] = asdict(self)
        return json.dumps(fields, indent=2, allow_nan=False) + "\n"


def known(value: float) -> float | None:
    """None for what is not a number, which JSON has no word for."""
    return None if math.isnan(value) else value
