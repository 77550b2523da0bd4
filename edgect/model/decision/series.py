"""The results of a series' slices put in order and smoothed; the rule for a series is in `series_rule.py`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import radians, sin
from operator import itemgetter
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # edgect.scans is slow to load
    from edgect.scans.frame import Vector

SMOOTHING_RADIUS = 5.0  # millimetres to either side that a probability is averaged over
SAME_PLACE = 0.01  # millimetres within which two slices lie at one place
MAX_ANGLE = 0.5  # degrees that the normals of one stack may be off; what scanners tilt on purpose is more
GAP_FACTOR = 1.5  # how many times the usual distance leaves room for a slice between


@dataclass(frozen=True)
class SliceResult:
    """Of the row of a slice. probability: None without an answer. position: millimetres along `normal`.

    normal: unit vector across the slice, towards the head; None where its file does not say.
    """

    path: str
    frame: int | None
    status: str
    positive: bool
    probability: float | None
    position: float | None
    normal: Vector | None

    @property
    def name(self) -> str:
        return self.path if self.frame is None else f"{self.path}[{self.frame}]"


Stack = list[tuple[float, SliceResult]]
"""Slices of one orientation, each with its place: millimetres along the normal that they have in common."""


@dataclass(frozen=True)
class SeriesSummary:
    """slices: in order. smoothed: of each slice, None without an answer. doubts: what is odd of the order."""

    slices: list[SliceResult]
    smoothed: list[float | None]
    spacing: float | None
    doubts: list[str]

    def count(self, status: str) -> int:
        return sum(result.status == status for result in self.slices)

    @property
    def positive(self) -> list[int]:
        """Numbers of the positive slices, from 1 at the end towards the feet."""
        return [number for number, result in enumerate(self.slices, 1) if result.positive]

    @property
    def probabilities(self) -> list[float]:
        """Of the slices answered on."""
        return [result.probability for result in self.slices if result.probability is not None]

    @property
    def highest(self) -> tuple[float, int] | None:
        """The highest smoothed probability, and the number of its slice: the one to look at first."""
        known = [(value, number) for number, value in enumerate(self.smoothed, 1) if value is not None]
        return max(known, key=lambda pair: (pair[0], -pair[1]), default=None)


def summarise(slices: Sequence[SliceResult]) -> SeriesSummary:
    """The slices of one series, given in any order.

    They are put in order along their normal, whatever their files are called; those without a position
    come last, as they were given. Slices whose normal is more than `MAX_ANGLE` off are another stack, and are
    not averaged with the first.
    """
    stacks = _stacks(slices)
    unplaced = [result for result in slices if result.position is None or result.normal is None]
    distances = [distance for stack in stacks for distance in _distances(stack)]
    spacing = median(distances) if distances else None
    return SeriesSummary(
        [*(result for stack in stacks for _, result in stack), *unplaced],
        [
            *(value for stack in stacks for value in _smoothed(stack)),
            *(result.probability for result in unplaced),
        ],
        spacing,
        _doubts(stacks, unplaced, distances, spacing),
    )


def _stacks(slices: Sequence[SliceResult]) -> list[Stack]:
    """In the order in which they are first met, each in order along its normal."""
    placed = [
        (result.position, result.normal, result)
        for result in slices
        if result.position is not None and result.normal is not None
    ]
    axes = _axes(Counter(normal for _, normal, _ in placed))
    stacks: dict[Vector, Stack] = {}
    for position, normal, result in placed:
        axis = axes[normal]
        # where it crosses the line x = y = 0, along which slices that are not quite parallel can be compared:
        # far from the origin a normal that is half a degree off moves the position by millimetres
        stacks.setdefault(axis, []).append((position * (axis[2] / normal[2]), result))
    for stack in stacks.values():
        stack.sort(key=itemgetter(0))
    return list(stacks.values())


def _axes(normals: Counter[Vector]) -> dict[Vector, Vector]:
    """For every normal that of its stack.

    The one with most slices round it comes first and takes all that lie within `MAX_ANGLE`, then the next of
    those that are left: whatever the order of the slices, and with no chain from one to the next.
    """
    directions = sorted(normals)
    vectors, counts = np.asarray(directions), np.asarray([normals[direction] for direction in directions])

    def near(number: int) -> NDArray[np.bool_]:
        chords = np.linalg.norm(vectors - vectors[number], axis=1)
        return np.asarray(chords <= 2 * sin(radians(MAX_ANGLE) / 2))

    neighbours = np.asarray([counts[near(number)].sum() for number in range(len(directions))])
    axes = np.full(len(directions), -1)
    for number in np.argsort(-neighbours, kind="stable"):
        if axes[number] < 0:
            axes[near(number) & (axes < 0)] = number
    return {direction: directions[axis] for direction, axis in zip(directions, axes, strict=True)}


def _smoothed(stack: Stack) -> list[float | None]:
    """The mean over the answers within `SMOOTHING_RADIUS` to either side; stack: in order."""
    answers = [(place, result.probability) for place, result in stack if result.probability is not None]
    means: list[float | None] = []
    first = last = 0
    for here, result in stack:
        while first < len(answers) and answers[first][0] < here - SMOOTHING_RADIUS - SAME_PLACE:
            first += 1
        while last < len(answers) and answers[last][0] <= here + SMOOTHING_RADIUS + SAME_PLACE:
            last += 1
        near = [value for _, value in answers[first:last]]
        means.append(sum(near) / len(near) if result.probability is not None else None)
    return means


def _distances(stack: Stack) -> list[float]:
    """From one place to the next, those with several slices taken as one; stack: in order."""
    return [step for step in _steps(stack) if step > SAME_PLACE]


def _steps(stack: Stack) -> list[float]:
    return [after - before for (before, _), (after, _) in pairwise(stack)]


def _doubts(
    stacks: list[Stack], unplaced: list[SliceResult], distances: list[float], spacing: float | None
) -> list[str]:
    doubts = []
    if len(stacks) > 1:
        doubts.append(f"{len(stacks)} orientations: each is a stack of its own")
    doubled = sum(step <= SAME_PLACE for stack in stacks for step in _steps(stack))
    if doubled:
        doubts.append(f"{doubled} slices where another lies already")
    gaps = [step for step in distances if spacing and step > GAP_FACTOR * spacing]
    if gaps:
        doubts.append(f"{len(gaps)} gaps, up to {max(gaps):g} mm where slices are {spacing:g} mm apart")
    if unplaced:
        doubts.append(f"{len(unplaced)} slices without a position: neither ordered nor averaged")
    return doubts
