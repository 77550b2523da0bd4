"""What an audit finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")  # the worst first


@dataclass(frozen=True)
class Finding:
    """One sentence about a source. severity: `error` where calibrating or training would stop or deceive.

    needed: the number that would be enough, of what the sentence counts; None where no number mends it.
    """

    severity: Severity
    sentence: str
    needed: int | None = None


def plural(count: int, name: str) -> str:
    """Such as `1 slice`, `2,000 slices` and `3 series`."""
    return f"{count:,} {name}" if count == 1 or name.endswith("s") else f"{count:,} {name}s"
