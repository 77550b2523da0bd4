"""What a comparison gives, as data whose names stay: this is the JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from edgect.evaluate.groups import By
from edgect.evaluate.report import Data, Model

SCHEMA = 1
_ELSEWHERE = ("schema", "notice", "date", "version", "first", "second", "notes")  # in a record, or no figures


@dataclass(frozen=True)
class Difference:
    """A figure of both models, 0 to 1, and that of the second less that of the first, -1 to 1.

    low, high: 95 % interval of the difference, paired and by patient. p: of McNemar's exact test,
    by patient too, None for the AUC. None where undefined.
    """

    first: float | None
    second: float | None
    difference: float | None
    low: float | None
    high: float | None
    p: float | None


@dataclass(frozen=True)
class Outcome:
    """How many have this outcome with the first model and that with the second, by their truth.

    first, second: `right`, `wrong` or `no answer`.
    """

    first: str
    second: str
    positives: int
    negatives: int


@dataclass(frozen=True)
class Coverage:
    """How many the first model answers on, the second, both and neither."""

    first: int
    second: int
    both: int
    neither: int


@dataclass(frozen=True)
class Level:
    """Slices, series or patients. by: `slice`, `series` or `patient`. count: how many there are.

    positives, negatives: by their truth. unit: what intervals are drawn by; units: how many of them.
    answered: differences of auc, accuracy, sensitivity and specificity on what both models answer on.
    intention_to_diagnose: on everything, where no answer counts as a wrong one; no auc. outcomes: all nine.
    changed: how many have another label with the second model, or lose or gain one.
    """

    by: By
    count: int
    positives: int
    negatives: int
    unit: str
    units: int
    coverage: Coverage
    answered: dict[str, Difference]
    intention_to_diagnose: dict[str, Difference]
    outcomes: list[Outcome]
    changed: int


@dataclass(frozen=True)
class Comparison:
    """schema: 1; another number if a name goes or changes its meaning. date: ISO 8601, UTC.

    part: of the table, empty for all of it. levels: by their `by`, slices first, then what else was asked
    for. errors: slices that could not be read. notes: what to keep in mind, a sentence each.
    """

    schema: int
    notice: str
    date: str
    version: str
    data: Data
    part: str
    first: Model
    second: Model
    errors: int
    levels: dict[str, Level]
    notes: list[str]

    def to_json(self) -> str:
        """One object of these names, nested as here; what is undefined is null."""
        return json.dumps(asdict(self), indent=2, allow_nan=False) + "\n"


def figures(comparison: Comparison) -> dict[str, Any]:
    """For a record: all but what is elsewhere in it, or hangs on the place where the source lies."""
    values = asdict(comparison)
    del values["data"]["source"]
    return {name: value for name, value in values.items() if name not in _ELSEWHERE}
