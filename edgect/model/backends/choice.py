"""`auto`: the engine that is faster on this CPU for a bundle and a kind of job; measured once, and kept."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from edgect.errors import EngineError
from edgect.machine import compiled_models as cache
from edgect.machine.processor import identity
from edgect.model.registry import BACKENDS, DEFAULT_BACKEND

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgect.model.backends import Session
    from edgect.model.bundles.bundle import Bundle

SECONDS = 1.0  # of measuring, about
ROUNDS = 7
MIN_GAIN = 1.03  # what another engine must be faster than the default, which else is taken


@dataclass(frozen=True)
class Choice:
    """milliseconds: of inference on one slice, by engine, of which a single one is not measured.

    kept: whether an earlier run measured them. installed: all engines, also those that a bundle is not for.
    """

    backend: str
    milliseconds: Mapping[str, float]
    kept: bool
    installed: int = len(BACKENDS)

    @property
    def text(self) -> str:
        """In words."""
        if not self.milliseconds:
            reason = "is installed" if self.installed == 1 else "the model is for"
            return f"auto: {self.backend} is used, the only engine that {reason}"
        times = ", ".join(f"{name} {time:.2f} ms" for name, time in self.milliseconds.items())
        measured = "measured earlier" if self.kept else "measured now"
        return f"auto: {self.backend} is used; a slice takes {times} ({measured})"


def choose(bundle: Bundle, precision: str, threads: int, streams: int) -> Choice:
    """The engine to load with so many threads, for so many slices at a time.

    The choice is kept among compiled models, and made anew where bundle, CPU or a version is another.
    Raises EngineError where no engine can be used.
    """
    from edgect.model.backends import installed

    refused = bundle.manifest.refused_backends
    versions = {name: number for name, number in installed().items() if name not in refused}
    candidates = list(versions)
    if len(candidates) == 1:
        return Choice(candidates[0], {}, False, len(installed()))
    key = json.dumps(
        ["choice", bundle.digest, precision, threads, streams, versions, identity()], sort_keys=True
    )
    times, kept = _kept(key, candidates), True
    if times is None:
        times, kept = _measure(candidates, bundle, precision, threads, streams), False
        cache.store(key, json.dumps(times).encode())
    if not times:
        names = [name for name in BACKENDS if name not in refused]
        raise EngineError(f"no engine can be used for {bundle.name}: install {' or '.join(names)}")
    best = min(times, key=lambda name: times[name])
    if DEFAULT_BACKEND in times and times[DEFAULT_BACKEND] < MIN_GAIN * times[best]:
        best = DEFAULT_BACKEND
    return Choice(best, times, kept)


def _kept(key: str, candidates: list[str]) -> dict[str, float] | None:
    with suppress(ValueError, AttributeError, TypeError):
        times = {name: float(time) for name, time in json.loads(cache.load(key) or b"").items()}
        if times and set(times) <= set(candidates):
            return times
    return None


def _measure(
    candidates: list[str], bundle: Bundle, precision: str, threads: int, streams: int
) -> dict[str, float]:
    """Milliseconds a slice: engines take turns, as many slices at a time as there will be."""
    from edgect.model.backends import load

    sessions: dict[str, Session] = {}
    for name in candidates:
        with suppress(EngineError):  # that is not there, or cannot be used: the others are
            sessions[name] = load(name, bundle, precision, threads, streams)
    image = np.random.default_rng(0).integers(0, 256, (1, *bundle.manifest.input.shape), np.uint8)
    times: dict[str, list[float]] = {name: [] for name in sessions}
    with ThreadPoolExecutor(streams) as pool:

        def seconds(session: Session, calls: int) -> float:
            """A slice's, of so many calls in each thread."""
            start = perf_counter()
            list(pool.map(session.infer, [image] * (calls * streams)))
            return (perf_counter() - start) / (calls * streams)

        calls = {}
        for name, session in sessions.items():
            seconds(session, 2)  # threads begin, memory is laid out
            calls[name] = max(1, round(SECONDS / ROUNDS / len(sessions) / streams / seconds(session, 2)))
        for _ in range(ROUNDS):
            for name, session in sessions.items():
                times[name].append(1000 * seconds(session, calls[name]))
    return {name: round(median(values), 4) for name, values in times.items()}
