"""What was found, as data whose names stay: this is the JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal

from edgect.diagnostics.benchmark.machine import Machine

SCHEMA = 1
NOTICE = (
    "Research use only. Fit means that edgect computes here as it was made to, not that answers are right."
)

Verdict = Literal["ok", "note", "fault"]


@dataclass(frozen=True)
class Finding:
    """What one look at one thing found.

    part: `machine`, `bundles`, `pre-processing`, `engines`, `self-test`, `raster`, `dicom`, `extras` or
    `cache`. name: of what was looked at. verdict: `ok`; `note`, edgect works, with what `said` tells;
    `fault`, it does not. advice: what to do about it, or empty.
    """

    part: str
    name: str
    verdict: Verdict
    said: str
    advice: str = ""


@dataclass(frozen=True)
class Report:
    """schema: 1; another number if a name goes or changes its meaning. date: ISO 8601, UTC.

    edgect: its version. fit: no finding is a fault. machine: None where it could not be looked at.
    versions: of python and of the packages that are installed.
    """

    schema: int
    notice: str
    date: str
    edgect: str
    fit: bool
    machine: Machine | None
    versions: dict[str, str]
    findings: list[Finding]

    def to_json(self) -> str:
        """One object of these names, nested as here."""
        return json.dumps(asdict(self), indent=2) + "\n"
