"""From the lines of a trail to studies, each with one value of what is watched.

Slices of one study are alike, so that tests which take them for independent would see drift everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from edgect.audit.chain import Line
from edgect.audit.contents import ANSWER, NEW


class Study(NamedTuple):
    """probability, distance: means of its slices, None without any. unanswered: share of slices, 0 to 1."""

    probability: float | None
    distance: float | None
    unanswered: float


@dataclass(frozen=True)
class Period:
    """Answers of one bundle in order of their studies. first, last: times of lines, empty without any."""

    studies: list[Study]
    slices: int
    first: str
    last: str


@dataclass
class _Sums:
    slices: int = 0
    answered: int = 0
    probability: float = 0.0
    measured: int = 0
    distance: float = 0.0

    def study(self) -> Study:
        return Study(
            self.probability / self.answered if self.answered else None,
            self.distance / self.measured if self.measured else None,
            1 - self.answered / self.slices,
        )


def is_new_answer(line: Line) -> bool:
    """Whether a line is an answer on a slice that no earlier run or report had given."""
    return bool(line.content["event"] == ANSWER and line.content["outcome"] == NEW)


def period(lines: Iterable[Line], bundle: str) -> Period:
    """Gather the new answers of a bundle. A study goes by its name, or else the series'; a picture is one."""
    sums: dict[str, _Sums] = {}
    times: list[str] = []
    for line in lines:
        content = line.content
        if not is_new_answer(line) or content["bundle"] != bundle:
            continue
        times = [times[0] if times else content["time"], content["time"]]
        name = content["study"] or content["series"] or f"line {line.link.number}"
        entry = sums.setdefault(name, _Sums())
        entry.slices += 1
        if content["probability"] is not None:
            entry.answered += 1
            entry.probability += content["probability"]
        if content["distance"] is not None:
            entry.measured += 1
            entry.distance += content["distance"]
    studies = [entry.study() for entry in sums.values()]
    first, last = times or ("", "")
    return Period(studies, sum(entry.slices for entry in sums.values()), first, last)
