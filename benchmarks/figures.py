"""What a topic finds: figures, each beside its target, in sections that say how they were measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One measured value, or a word where something is named rather than counted.

    case: what it was measured on (a row of the report). what: what was measured (a column).
    at_least, at_most: the target; one at the most is given. of: how many slices it was counted on.
    interval: 95 %, of what it is of all slices of which these are a sample.
    """

    case: str
    what: str
    value: float | str
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None
    of: int | None = None
    interval: tuple[float, float] | None = None

    @property
    def met(self) -> bool | None:
        """None without a target."""
        return None if isinstance(self.value, str) else self._met_by(self.value)

    @property
    def verdict(self) -> str:
        """Empty without a target."""
        if self.met is None:
            return ""
        return "met" if self.met else "**NOT SHOWN**" if self.may_be_met else "**MISSED**"

    @property
    def may_be_met(self) -> bool:
        """Whether the interval reaches the target: so few slices cannot tell."""
        return self.interval is not None and any(self._met_by(end) for end in self.interval)

    @property
    def target(self) -> str:
        """Such as `≥ 3 x`; empty without one."""
        if self.at_least is not None:
            return f"≥ {self.at_least:g} {self.unit}".rstrip()
        return f"≤ {self.at_most:g} {self.unit}".rstrip() if self.at_most is not None else ""

    @property
    def shown(self) -> str:
        """Four digits, or as many as it takes not to round a missed value to its target."""
        if isinstance(self.value, str):
            return self.value
        texts = (_rounded(self.value, digits) for digits in range(4, 17))
        text = next(
            (t for t in texts if self._met_by(float(t.replace(",", ""))) == self.met), str(self.value)
        )
        return f"{text} {self.unit}".rstrip()

    @property
    def shown_interval(self) -> str:
        """Such as `97.7 to 99.92`; empty without one."""
        return "" if self.interval is None else " to ".join(_rounded(end, 4) for end in self.interval)

    def _met_by(self, value: float) -> bool | None:
        if self.at_least is None and self.at_most is None:
            return None
        low = -math.inf if self.at_least is None else self.at_least
        high = math.inf if self.at_most is None else self.at_most
        return low <= value <= high

    def __str__(self) -> str:
        verdict = f" ({self.target}: {self.verdict.strip('*')})" if self.verdict else ""
        return f"{self.case}: {self.what} {self.shown}{verdict}"


@dataclass(frozen=True)
class Section:
    """Figures that were measured in one way. how: in words; also why there are none."""

    title: str
    how: str
    figures: tuple[Figure, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Of each figure what is given, and whether it met its target."""
        records = [{**asdict(figure), "met": figure.met} for figure in self.figures]
        figures = [{name: v for name, v in record.items() if v is not None} for record in records]
        return {"title": self.title, "how": self.how, "figures": figures}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Section:
        figures = [{name: v for name, v in f.items() if name != "met"} for f in record["figures"]]
        for figure in figures:
            if "interval" in figure:
                figure["interval"] = tuple(figure["interval"])
        return cls(record["title"], record["how"], tuple(Figure(**f) for f in figures))


def with_target(sections: Iterable[Section]) -> list[tuple[Section, Figure]]:
    """The figures that have a target."""
    return [(section, figure) for section in sections for figure in section.figures if figure.target]


def row_of(case: str) -> Callable[..., Figure]:
    """Makes the figures of one case."""
    return lambda what, value, unit="", **more: Figure(case, what, value, unit, **more)


def _rounded(value: float, digits: int) -> str:
    """To significant digits, without an exponent."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
