"""Where one core's time goes, from a file on the disk to its row, and what `cv2.imread` alone would take."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from statistics import median

import cv2

from benchmarks.figures import Figure, Section
from benchmarks.harness import fresh
from benchmarks.harness.cpu_clock import CpuClock
from benchmarks.harness.interleaved import ratio, take_turns
from benchmarks.harness.options import Options, distinct
from benchmarks.harness.progress import step
from benchmarks.stages_picture import FILE
from benchmarks.topics.folder import images_of, links
from edgect.model import backends
from edgect.model.backends import BACKENDS
from edgect.model.bundles.bundle import Bundle
from edgect.model.decision.out_of_distribution import lung_view, picture_rejection
from edgect.model.preprocess.lung_box import find_lung_box
from edgect.model.preprocess.steps import Preprocess
from edgect.pipeline import Pipeline
from edgect.scans import find_scans, read_bytes, read_frames

MAX_OF_IMREAD = 1.5
IMREAD, WHOLE, INFERENCE, REST = "cv2.imread", "all but inference", "inference", "rows and the rest"
STAGES = (
    "reading the file",
    "hashing",
    "decoding, checks, grey, colour",
    "grey range",
    "finding lungs",
    "crop and resize",
    "view for the gate",
    REST,
)


def measure_stages(options: Options) -> list[Section]:
    images, what = images_of(options)
    versions = {"": None} | ({"before: ": str(options.before)} if options.before else {})
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as work:
        folder = links(Path(work) / "scans", options.images, images)
        for bundle in distinct(options.bundles):
            step(f"stages: {bundle}; {options.turns} turns")
            calls: dict[str, Callable[[], dict[str, float]]] = {
                f"{version}{Path(bundle).name}, {backend}": partial(
                    fresh.call, milliseconds, bundle, backend, str(folder), checkout=checkout
                )
                for version, checkout in versions.items()
                for backend in BACKENDS
            }
            for case, turns in take_turns(calls, options.turns, warm_up=False).items():
                figures += _figures(case, turns)
    how = (
        f"CPU time per image, of one thread, over {options.images} links to images of {what}; medians of "
        f"{options.turns} turns, each in a fresh process, in which every stage is called by itself on every "
        "image. *All but inference* is what `edgect classify` does with a file less what the engine takes of "
        "it, and its target is relative to `cv2.imread` of the same files in grey, in the same process. A "
        "stage by itself finds caches warm; what inference emptied of them is among the rest. Rows "
        f"*before* are of an earlier version.\n\n![Where the time goes]({FILE})"
    )
    return [Section("Where one core's time goes", how, tuple(figures))]


def _figures(case: str, turns: list[dict[str, float]]) -> list[Figure]:
    times = {name: [turn[name] for turn in turns] for name in turns[0]}
    figures = [Figure(case, name, median(times[name]), "ms") for name in (IMREAD, *STAGES, INFERENCE, WHOLE)]
    target = None if case.startswith("before") else MAX_OF_IMREAD
    to_imread = ratio(times[WHOLE], times[IMREAD])
    return [*figures, Figure(case, f"{WHOLE} to {IMREAD}", to_imread, "x", at_most=target)]


def milliseconds(bundle: str, backend: str, folder: str) -> dict[str, float]:
    """Of one pass over a folder's files, by stage."""
    cv2.setNumThreads(1)
    with suppress(ImportError):  # as `edgect classify` does; earlier versions had none
        from edgect.machine.allocator import keep_freed_memory

        keep_freed_memory()
    files = find_scans([folder])
    pipeline = Pipeline(bundle, backend, "int8", 1, many=True)
    clock = CpuClock()
    session_class = type(backends.load(backend, pipeline.bundle, "int8", 1))
    clock.count(session_class, "infer", INFERENCE)
    list(pipeline.classify_file(files[0], many=True))
    clock.seconds.clear()
    for file in files:
        with clock(WHOLE):
            list(pipeline.classify_file(file, many=True))
        with clock(IMREAD):
            cv2.imread(file, cv2.IMREAD_GRAYSCALE)
    clock.seconds[WHOLE] -= clock.seconds[INFERENCE]
    _stages(pipeline.bundle, files, clock)
    known = sum(clock.seconds[stage] for stage in STAGES if stage != REST)
    clock.seconds[REST] = clock.seconds[WHOLE] - known
    return {name: 1000 * seconds / len(files) for name, seconds in clock.seconds.items()}


def _stages(bundle: Bundle, files: list[str], clock: CpuClock) -> None:
    """Each by itself; the rest of `WHOLE` is what lies between them."""
    preprocess = Preprocess(bundle.manifest.input.steps)
    for stage in STAGES:
        clock.seconds[stage] = 0.0
    for file in files:
        with clock("reading the file"):
            content = read_bytes(file)
        with clock("hashing"):
            hashlib.sha256(content).hexdigest()
        with clock("decoding, checks, grey, colour"):
            frames = list(read_frames(content, file))
        for frame in frames:
            if frame.pixels is None:
                continue
            with clock("grey range"):
                picture_rejection(frame, frame.pixels)
            if preprocess.crops_to_lungs:
                with clock("finding lungs"):
                    find_lung_box(frame.pixels)
                clock.seconds["crop and resize"] -= clock.last
            with clock("crop and resize"):
                image, placement = preprocess(frame.pixels)
            with clock("view for the gate"):
                lung_view(frame.pixels, image, placement.region, preprocess.crops_to_lungs)
