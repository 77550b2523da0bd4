"""Ratios that mean something on a noisy machine: the alternatives take turns in one loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from statistics import median
from time import perf_counter
from typing import TypeVar

T = TypeVar("T")


def medians(
    alternatives: Mapping[str, Callable[[], object]], rounds: int = 60, burst: int = 1
) -> dict[str, float]:
    """Median seconds of one call of each alternative, over the rounds of `seconds`."""
    return {name: median(times) for name, times in seconds(alternatives, rounds, burst).items()}


def seconds(
    alternatives: Mapping[str, Callable[[], object]], rounds: int, burst: int = 1
) -> dict[str, list[float]]:
    """Seconds of one call of each alternative in each round.

    burst: calls in a turn, of which the median counts. In a turn of one call everything pays for
    the caches that the others emptied, and the fastest pays most.
    """
    return take_turns({name: partial(_turn, call, burst) for name, call in alternatives.items()}, rounds)


def ratio(slow: Sequence[float], quick: Sequence[float]) -> float:
    """Median of the rounds' own ratios: what slows a whole round down leaves them as they are."""
    return median(a / b for a, b in zip(slow, quick, strict=True))


def take_turns(
    alternatives: Mapping[str, Callable[[], T]], rounds: int, warm_up: bool = True
) -> dict[str, list[T]]:
    """What each call answered in each round; who goes first changes every round."""
    answers: dict[str, list[T]] = {name: [] for name in alternatives}
    names = list(alternatives)
    for name in names if warm_up else ():
        alternatives[name]()
    for turn in range(rounds):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            answers[name].append(alternatives[name]())
    return answers


def _turn(call: Callable[[], object], burst: int) -> float:
    times = []
    for _ in range(burst):
        start = perf_counter()
        call()
        times.append(perf_counter() - start)
    return median(times)
