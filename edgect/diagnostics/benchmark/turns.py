"""Comparisons that hold on a noisy machine: the alternatives take turns, round after round."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from time import perf_counter, sleep
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

REST = 0.1  # seconds; ONNX Runtime's threads wait for work on a spinning core half as long


def take_turns(alternatives: Mapping[K, Callable[[], T]], seconds: float, least: int) -> dict[K, list[T]]:
    """What each alternative returned in each round; who goes first changes every round.

    Rounds are whole, and begin until `seconds` have passed, but there are `least` of them at the
    least. Before each turn the machine rests, so that nobody pays for the one before.
    """
    results: dict[K, list[T]] = {name: [] for name in alternatives}
    names, rounds, start = list(alternatives), 0, perf_counter()
    while rounds < least or perf_counter() - start < seconds:
        shift = rounds % len(names)
        for name in names[shift:] + names[:shift]:
            sleep(REST)
            results[name].append(alternatives[name]())
        rounds += 1
    return results
