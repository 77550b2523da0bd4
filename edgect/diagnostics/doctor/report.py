"""The result of an examination, as data whose names stay: this is the JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from edgect.diagnostics.machine import Machine

SCHEMA = 1
NOTICE = (
    "Research use only. Fit means that edgect computes here as it was made to, not that answers are right."
)

Verdict = Literal["ok", "note", "fault"]


@dataclass(frozen=True)
class Finding:
    """The result of one check of one thing.

    part: `machine`, `bundles`, `pre-processing`, `engines`, `self-test`, `raster`, `dicom`, `extras` or
    `cache`. name: of what was looked at. verdict: `ok`; `note`, edgect works, with the limits that the
    message tells; `fault`, it does not. message: `said` in the JSON. advice: what to do about it, or empty.
    """

    part: str
    name: str
    verdict: Verdict
    message: str
    advice: str = ""

    def to_json(self) -> dict[str, str]:
        """As an object of the JSON."""
        return {"said" if name == "message" else name: value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, content: dict[str, str]) -> Finding:
        """The inverse. Raises TypeError, KeyError where it is no finding."""
        values: dict[str, Any] = dict(content)
        return cls(message=values.pop("said"), **values)


@dataclass(frozen=True)
class DoctorReport:
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
        """One object of these names, nested as here, but for `said`."""
        findings = [finding.to_json() for finding in self.findings]
        return json.dumps({**asdict(self), "findings": findings}, indent=2) + "\n"
