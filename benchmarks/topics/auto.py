"""`--backend auto`: the engine that it chose, and whether another would have been faster."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure, Section, row_of
from benchmarks.harness import fresh, slices
from benchmarks.harness.interleaved import seconds
from benchmarks.harness.options import Options, distinct
from benchmarks.harness.progress import step
from edgect.model import backends
from edgect.model.backends import BACKENDS, Session, available_cores
from edgect.model.bundles.bundle import Bundle

MAX_OF_FASTER = 1.05
SLICES = 16  # that a turn of an engine takes for every thread
JOBS = ("one scan", "many")

Turn = tuple[str, dict[str, list[float]]]
"""The engine that was chosen, and the milliseconds that each takes in each round."""


def measure_auto(options: Options) -> list[Section]:
    from edgect.model.backends.choice import MIN_GAIN  # not above: `--before` may be a version without it

    figures: list[Figure] = []
    for bundle in distinct(options.bundles):
        for job in JOBS:
            step(f"auto: {bundle}, {job}; {options.turns} turns")
            turns = [
                fresh.call(choose_and_measure, bundle, job, options.rounds) for _ in range(options.turns)
            ]
            figures += figures_of(f"{Path(bundle).name}, {job}", turns)
    how = (
        f"In {options.turns} fresh processes that keep no choice, `auto` chooses an engine as on first use; "
        f"then the engines take turns, {options.rounds} of {SLICES} slices a thread. *One scan*: a slice at "
        f"a time on {available_cores()} cores; *many*: as many at a time as cores. Milliseconds are wall "
        "time a slice, medians of all rounds. The target is for the process whose choice was worst: what "
        "the engine that it chose takes, to the faster one's. OpenVINO is kept unless another is "
        f"{MIN_GAIN:g} times as fast."
    )
    return [Section("The engine that auto chooses", how, tuple(figures))]


def figures_of(case: str, turns: list[Turn]) -> list[Figure]:
    engines = list(turns[0][1])
    taken = {name: median(time for _, times in turns for time in times[name]) for name in engines}
    choices = Counter(chosen for chosen, _ in turns)
    figure = row_of(case)
    return [
        figure("chosen", ", ".join(f"{name} {count} of {len(turns)}" for name, count in choices.items())),
        *(figure(name, time, "ms") for name, time in taken.items()),
        figure(
            "chosen to faster, at worst",
            max(taken[name] for name in choices) / min(taken.values()),
            "x",
            at_most=MAX_OF_FASTER,
        ),
    ]


def choose_and_measure(bundle: str, job: str, rounds: int) -> Turn:
    """In a process of its own, where nothing is loaded before the choice is made."""
    from edgect.model.backends.choice import choose

    loaded, cores = Bundle.load(bundle), available_cores()
    streams = 1 if job == JOBS[0] else cores
    chosen = choose(loaded, "int8", cores, streams).backend
    names = [name for name in BACKENDS if name not in loaded.manifest.refused_backends]
    images = list(islice(cycle(slices.examples(loaded).images[:, None]), SLICES * streams))
    with ThreadPoolExecutor(streams) as pool:

        def infer_all(session: Session) -> None:
            for _ in pool.map(session.infer, images):
                pass

        sessions = {name: backends.load(name, loaded, "int8", cores, streams) for name in names}
        calls = {name: partial(infer_all, session) for name, session in sessions.items()}
        times = seconds(calls, rounds)
    return chosen, {name: [1000 * time / len(images) for time in values] for name, values in times.items()}
