"""From the command to the answer on one image, on a warm file cache."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter

import cv2

from benchmarks.figures import Section, row_of
from benchmarks.harness import process
from benchmarks.harness.interleaved import ratio, take_turns
from benchmarks.harness.options import Options
from benchmarks.harness.progress import step
from benchmarks.harness.slices import EXAMPLES
from benchmarks.load.client import image, send
from benchmarks.load.server import server
from edgect.model.bundles.bundle import Bundle
from edgect.scans import read_slice

MAX_OF_BARE = 1.25


SERVED = "edgect serve, first answer"


def measure_cold_starts(options: Options) -> list[Section]:
    figures = []
    for bundle in options.bundles:
        step(f"cold: {bundle}, {options.starts} starts of each")
        with tempfile.TemporaryDirectory() as folder:
            seconds = _seconds(bundle, Path(folder), options.starts)
        figure = row_of(Path(bundle).name)
        to_bare = ratio(seconds["edgect, OpenVINO"], seconds["bare script"])
        figures += [figure(name, median(starts), "s") for name, starts in seconds.items()]
        figures.append(figure("edgect to bare script", to_bare, "x", at_most=MAX_OF_BARE))
        if SERVED in seconds:
            to_bare = ratio(seconds[SERVED], seconds["bare script"])
            figures.append(figure(f"{SERVED} to bare script", to_bare, "x", at_most=MAX_OF_BARE))
    how = (
        "`edgect classify one.png` with an example scan, against `benchmarks/bare.py`, which imports numpy, "
        "OpenCV and OpenVINO, loads the compiled model from OpenVINO's cache, reads, resizes and infers "
        f"once. Whole processes by turns, {options.starts} of each, medians, and the median of the turns' "
        "own ratios; files, bytecode and compiled models are cached by a start that is not counted. *No "
        "cache*: edgect's cache of compiled models was emptied before. *First answer*: from the start of "
        "`edgect serve` to the whole answer on the image, sent when the server says its address."
    )
    return [Section("From cold", how, tuple(figures))]


def _seconds(bundle: str, folder: Path, starts: int) -> dict[str, list[float]]:
    loaded, scan = Bundle.load(bundle), folder / "one.png"
    cv2.imwrite(str(scan), read_slice(sorted(EXAMPLES.iterdir())[0]))
    size = [str(side) for side in loaded.manifest.input.shape[1:]]
    bare: list[str | Path] = [
        sys.executable,
        "-m",
        "benchmarks.bare",
        loaded.path / "int8.xml",
        folder / "bare",
        scan,
        *size,
    ]

    def edgect(*more: str, cached: bool = True) -> process.Usage:
        with tempfile.TemporaryDirectory() as empty:
            env = {"EDGECT_CACHE_DIR": str(folder / "edgect") if cached else empty}
            return process.run(process.edgect("classify", scan, "--model", bundle, *more), env)

    calls: dict[str, Callable[[], process.Usage]] = {
        "edgect, OpenVINO": edgect,
        "bare script": partial(process.run, bare),
        "edgect, ONNX Runtime": partial(edgect, "--backend", "onnxruntime"),
        "edgect, OpenVINO, no cache": partial(edgect, cached=False),
    }
    seconds: dict[str, Callable[[], float]] = {
        name: partial(_seconds_of, call) for name, call in calls.items()
    }
    if find_spec("uvicorn"):
        seconds[SERVED] = partial(_served, bundle, scan, folder)
    return take_turns(seconds, starts)


def _seconds_of(call: Callable[[], process.Usage]) -> float:
    return call().seconds


def _served(bundle: str, scan: Path, folder: Path) -> float:
    """From the start of a server to its first answer."""
    request = image(scan.name, scan.read_bytes())
    start = perf_counter()
    with server("--model", bundle, EDGECT_CACHE_DIR=str(folder / "edgect")) as (port, _):
        reply = asyncio.run(send(port, request))
        end = perf_counter()
    if reply.status != 200:
        raise RuntimeError(f"the server answered {reply.status}")
    return end - start
