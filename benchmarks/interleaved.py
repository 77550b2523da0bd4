"""Ratios that mean something on a noisy machine: the alternatives take turns in one loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter


def medians(alternatives: Mapping[str, Callable[[], object]], rounds: int = 60) -> dict[str, float]:
    """Median seconds of one call of each alternative; who goes first changes every round."""
    times: dict[str, list[float]] = {name: [] for name in alternatives}
    names = list(alternatives)
    for name in names:  # warm up
        alternatives[name]()
    for turn in range(rounds):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            start = perf_counter()
            alternatives[name]()
            times[name].append(perf_counter() - start)
    return {name: median(values) for name, values in times.items()}
