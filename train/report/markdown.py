"""Numbers and tables as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Cells are written as they are; None is an empty cell."""
    lines = [list(head), ["---"] * len(head), *([str("" if c is None else c) for c in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def number(value: float | None, digits: int = 3) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def small(value: float) -> str:
    """Learning rates and the like: two significant digits after the first."""
    return f"{value:.3g}"


def ranged(value: float, interval: Sequence[float] | None, digits: int = 3) -> str:
    """A value with its 95 % interval in brackets, a dash where there is none."""
    ends = " to ".join(f"{end:.{digits}f}" for end in interval or ()) or "–"
    return f"{value:.{digits}f} ({ends})"
