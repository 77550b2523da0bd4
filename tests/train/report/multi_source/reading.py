"""What the tests of the report share: Markdown tables read back, and cells as they should be."""

from __future__ import annotations

from typing import Any

from train.report.multi_source.trainings import METRICS


def rows(text: str) -> list[list[str]]:
    return [[c.strip() for c in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]


def ranged(value: float, interval: list[float], digits: int = 3) -> str:
    low, high = (f"{end:.{digits}f}" for end in interval)
    return f"{value:.{digits}f} ({low} to {high})"


def cells(evaluation: dict[str, Any], unit: str) -> list[str]:
    """Slices, units, and every metric that is there with its interval."""
    metrics = [
        ranged(evaluation["metrics"][m], evaluation["intervals"][m]) if m in evaluation["metrics"] else ""
        for m in METRICS
    ]
    return [str(evaluation["images"]), f"{evaluation['units']} {unit}", *metrics]
