"""`edgect classify` over a folder, against loops that one would write oneself, and against its parts."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import Figure, Section, row_of
from benchmarks.harness import fresh, process
from benchmarks.harness.interleaved import ratio, take_turns
from benchmarks.harness.options import Options, distinct, run_folder
from benchmarks.harness.progress import step
from benchmarks.harness.slices import EXAMPLES
from edgect.model import backends
from edgect.model.backends import BACKENDS, Outputs, available_cores
from edgect.model.bundles.bundle import Bundle
from edgect.model.preprocess.steps import Preprocess
from edgect.scans import find_scans, read_slice

MAX_OF_BOUND = 1.35
MIN_THREADS = 0.93  # of the rate that so many times one thread would have
MAX_CORES_OF_ONE_THREAD = 1.05
MIN_LOOP_RATIO = {"lungs": 2.0, "cnn1": 3.0, "cnn2": 3.0}  # without VNNI
LOOP = "loop in ONNX Runtime FP32"


def measure_folder(options: Options) -> list[Section]:
    images, what = images_of(options)
    with tempfile.TemporaryDirectory() as work:
        folder = links(Path(work) / "scans", options.images, images)
        files = sorted(folder.iterdir())
        for part in range(available_cores()):
            share = files[part :: available_cores()]
            links(_share(folder, part), len(share), share)
        names = distinct(options.bundles)
        figures = [figure for name in names for figure in _figures(name, folder, options, Path(work))]
    how = (
        f"{options.images} links to images of {what}; medians of {options.turns} turns of fresh processes. "
        "*edgect* is the whole time of `edgect classify`, *start* its time for one image. The bound: "
        "`cv2.imread` of all files on all cores, then INT8 inference on all of them, prepared before, with "
        "the same engine on all cores; each timed from its first image to its last. *Threads*: the rate on "
        "all cores, without the start, to that of `--threads 1` times the number of cores; *processes*: the "
        "same of as many processes of one thread at once, each with its share of the files, which share "
        "nothing but the hardware. The loops are "
        "`benchmarks/plain_loop.py`: `cv2.imread`, resize, FP32 network, print, one image after another, "
        "with the libraries' default number of threads, imports and loading included; they do not look for "
        "lungs, and check nothing. They are compared with edgect's faster engine, start included. Bundles of "
        "the same network with other weights are measured once."
    )
    return [Section(f"A folder on {available_cores()} cores", how, tuple(figures))]


def images_of(options: Options) -> tuple[list[Path], str]:
    """COVID-CT where the data are at hand, else the example scans; and what they are, in words."""
    if options.data:
        return sorted((options.data / "covid-ct" / "Images").glob("*/*.*")), "COVID-CT"
    return sorted(EXAMPLES.iterdir()), "the example scans"


def links(folder: Path, count: int, scans: Iterable[Path]) -> Path:
    """A new folder of `count` links to scans, which are used again where they are fewer."""
    folder.mkdir()
    for number, scan in enumerate(islice(cycle(scans), count)):
        (folder / f"{number:06d}{scan.suffix}").symlink_to(scan.resolve())
    return folder


def _figures(bundle: str, folder: Path, options: Options, work: Path) -> list[Figure]:
    env = {"EDGECT_CACHE_DIR": str(work / "cache")}
    name = Path(bundle).name
    single_file = sorted(EXAMPLES.iterdir())[0]

    def edgect(scans: Path, backend: str, *more: str) -> process.Usage:
        rows = work / f"{scans.name}.csv"
        command = process.edgect("classify", scans, "--model", bundle, "--format", "csv", "-o", rows)
        return process.run([*command, "--backend", backend, *more], env)

    def processes(backend: str) -> process.Usage:
        """The one that ends last."""
        parts = [_share(folder, part) for part in range(available_cores())]
        with ThreadPoolExecutor(len(parts)) as pool:
            usages = pool.map(lambda part: edgect(part, backend, "--threads", "1"), parts)
            return max(usages, key=lambda usage: usage.seconds)

    calls: dict[str, Callable[[], Any]] = {LOOP: partial(_plain_loop, "onnxruntime", bundle, folder)}
    if run_folder(bundle).is_dir() and find_spec("torch"):
        calls["loop in torch"] = partial(_plain_loop, "torch", bundle, folder)
    for backend in BACKENDS:
        calls |= {
            f"{backend}, folder": partial(edgect, folder, backend),
            f"{backend}, start": partial(edgect, single_file, backend),
            f"{backend}, one thread": partial(edgect, folder, backend, "--threads", "1"),
            f"{backend}, processes": partial(processes, backend),
            f"{backend}, bound": partial(fresh.call, bound, bundle, backend, str(folder)),
        }
        edgect(folder, backend)  # so that files and models are cached
    step(f"folder: {bundle}: {', '.join(calls)}; {options.turns} turns")
    usages = take_turns(calls, options.turns, warm_up=False)

    seconds = {case: [usage.seconds for usage in usages[case]] for case in usages if "bound" not in case}
    figures = [
        figure
        for backend in BACKENDS
        for figure in _engine_figures(f"{name}, {backend}", backend, seconds, usages)
    ]
    faster = min((seconds[f"{backend}, folder"] for backend in BACKENDS), key=median)
    figure = row_of(f"{name}, faster engine")
    for loop in (case for case in calls if case.startswith("loop")):
        target = MIN_LOOP_RATIO.get(name) if loop == LOOP else None
        figures.append(figure(loop, median(seconds[loop]), "s"))
        figures.append(figure(f"{loop} to edgect", ratio(seconds[loop], faster), "x", at_least=target))
    return figures


def _engine_figures(
    case: str, backend: str, seconds: dict[str, list[float]], usages: dict[str, list[Any]]
) -> list[Figure]:
    figure = row_of(case)
    whole, start, single, several = (
        seconds[f"{backend}, {name}"] for name in ("folder", "start", "one thread", "processes")
    )
    reading, inference = zip(*usages[f"{backend}, bound"], strict=True)
    both = [sum(parts) for parts in usages[f"{backend}, bound"]]
    work, work_of_one, work_of_several = (
        [a - b for a, b in zip(times, start, strict=True)] for times in (whole, single, several)
    )
    threads, processes = (ratio(work_of_one, times) / available_cores() for times in (work, work_of_several))
    cores = median(usage.cpu_seconds / usage.seconds for usage in usages[f"{backend}, one thread"])
    return [
        figure("edgect", median(whole), "s"),
        figure("start", median(start), "s"),
        figure("cv2.imread on all cores", median(reading), "s"),
        figure("inference on all cores", median(inference), "s"),
        figure("edgect without start to bound", ratio(work, both), "x", at_most=MAX_OF_BOUND),
        figure("threads", threads, at_least=MIN_THREADS),
        figure("processes", processes),
        figure("cores with --threads 1", cores, at_most=MAX_CORES_OF_ONE_THREAD),
    ]


def _share(folder: Path, part: int) -> Path:
    """Beside the folder: the links of one of as many processes as cores."""
    return folder.with_name(f"{folder.name}-{part}")


def _plain_loop(engine: str, bundle: str, folder: Path) -> process.Usage:
    loaded = Bundle.load(bundle)
    model = loaded.path / "fp32.onnx" if engine == "onnxruntime" else run_folder(bundle)
    size = [str(side) for side in loaded.manifest.input.shape[1:]]
    return process.run([sys.executable, "-m", "benchmarks.plain_loop", engine, model, folder, *size])


def bound(bundle: str, backend: str, folder: str) -> tuple[float, float]:
    """Seconds of `cv2.imread` of all files, and of INT8 inference on them, each alone on all cores."""
    loaded, cores = Bundle.load(bundle), available_cores()
    preprocess = Preprocess(loaded.manifest.input.steps)
    session = backends.load(backend, loaded, "int8", cores, streams=cores)
    cv2.setNumThreads(1)  # a file has its core already

    def infer(image: NDArray[np.uint8]) -> Outputs:
        return session.infer(image[np.newaxis])

    files = find_scans([folder])
    with ThreadPoolExecutor(cores) as pool:
        images = list(pool.map(lambda path: preprocess(read_slice(path))[0], files))
        list(pool.map(infer, images[:1] * 4 * cores))  # every stream and thread has begun
        start = perf_counter()
        for _ in pool.map(lambda path: cv2.imread(path, cv2.IMREAD_GRAYSCALE) is None, files):
            pass
        middle = perf_counter()
        list(pool.map(infer, images))
        return middle - start, perf_counter() - middle
