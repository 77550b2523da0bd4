"""A series of slices as one: what its slices say together, by a rule that is no diagnosis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

REACH = 5.0  # millimetres to either side that a probability is averaged over
SAME = 0.01  # millimetres within which two slices lie at one place
GAP = 1.5  # how many times the usual distance leaves room for a slice between
RULE = (
    "COVID-19 where the mean probability of a slice and its neighbours within 5 mm reaches the threshold; "
    "a rule, not a validated diagnosis"
)


@dataclass(frozen=True)
class Slice:
    """What a row says. probability: None without an answer. position: millimetres along `normal`."""

    path: str
    frame: int | None
    status: str
    positive: bool
    probability: float | None
    position: float | None
    normal: str

    @property
    def name(self) -> str:
        return self.path if self.frame is None else f"{self.path}[{self.frame}]"


@dataclass(frozen=True)
class Summary:
    """slices: in order. smoothed: of each slice, None without an answer. doubts: what is odd of the order."""

    slices: list[Slice]
    smoothed: list[float | None]
    spacing: float | None
    doubts: list[str]

    def count(self, status: str) -> int:
        return sum(one.status == status for one in self.slices)

    @property
    def positive(self) -> list[int]:
        """Numbers of the positive slices, from 1 at the end towards the feet."""
        return [number for number, one in enumerate(self.slices, 1) if one.positive]

    @property
    def share(self) -> float | None:
        """Of positive slices among those answered on."""
        answered = self.count("ok")
        return len(self.positive) / answered if answered else None

    @property
    def highest(self) -> tuple[float, int] | None:
        """The highest smoothed probability, and the number of its slice."""
        found = [(value, number) for number, value in enumerate(self.smoothed, 1) if value is not None]
        return max(found, key=lambda one: (one[0], -one[1]), default=None)


def summarise(slices: Sequence[Slice]) -> Summary:
    """The slices of one series, given in any order.

    They are put in order along their normal, whatever their files are called; those without a position
    come last, as they were given. Slices of another normal are another stack, and are not averaged with
    the first.
    """
    stacks: dict[str, list[Slice]] = {}
    for one in slices:
        stacks.setdefault(one.normal if one.position is not None else "", []).append(one)
    loose = stacks.pop("", [])
    ordered: list[Slice] = []
    smoothed: list[float | None] = []
    for stack in stacks.values():
        stack.sort(key=_position)
        ordered += stack
        smoothed += _smoothed(stack)
    distances = [gap for stack in stacks.values() for gap in _distances(stack)]
    spacing = median(distances) if distances else None
    return Summary(
        [*ordered, *loose],
        [*smoothed, *(one.probability for one in loose)],
        spacing,
        _doubts(list(stacks.values()), loose, distances, spacing),
    )


def _position(one: Slice) -> float:
    assert one.position is not None
    return one.position


def _smoothed(stack: list[Slice]) -> list[float | None]:
    """The mean over the answers within `REACH` to either side; stack: in order."""
    answers = [(_position(one), one.probability) for one in stack if one.probability is not None]
    result: list[float | None] = []
    first = last = 0
    for one in stack:
        here = _position(one)
        while first < len(answers) and answers[first][0] < here - REACH - SAME:
            first += 1
        while last < len(answers) and answers[last][0] <= here + REACH + SAME:
            last += 1
        near = [value for _, value in answers[first:last]]
        result.append(sum(near) / len(near) if one.probability is not None else None)
    return result


def _distances(stack: list[Slice]) -> list[float]:
    """From one place to the next, those with several slices taken as one; stack: in order."""
    steps = (_position(after) - _position(before) for before, after in pairwise(stack))
    return [step for step in steps if step > SAME]


def _doubts(
    stacks: list[list[Slice]], loose: list[Slice], distances: list[float], spacing: float | None
) -> list[str]:
    doubts = []
    if len(stacks) > 1:
        doubts.append(f"{len(stacks)} orientations: each is a stack of its own")
    doubled = sum(
        _position(after) - _position(before) <= SAME for stack in stacks for before, after in pairwise(stack)
    )
    if doubled:
        doubts.append(f"{doubled} slices where another lies already")
    gaps = [step for step in distances if spacing and step > GAP * spacing]
    if gaps:
        doubts.append(f"{len(gaps)} gaps, up to {max(gaps):g} mm where slices are {spacing:g} mm apart")
    if loose:
        doubts.append(f"{len(loose)} slices without a position: neither ordered nor averaged")
    return doubts
