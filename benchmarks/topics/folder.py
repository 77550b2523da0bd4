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
from edgect.model.backends import Outputs, available_cores
from edgect.model.bundles.bundle import Bundle
from edgect.model.preprocess.steps import Preprocess
from edgect.scans import find_scans, read_slice

MIN_ONNXRUNTIME_RATIO = 5.0
MIN_TORCH_RATIO = 12.0
MAX_OF_PARTS = 1.1
MAX_CORES_OF_ONE_THREAD = 1.05


def measure_folder(options: Options) -> list[Section]:
    images, what = sorted(EXAMPLES.iterdir()), "the example scans"
    if options.data:
        images, what = sorted((options.data / "covid-ct" / "Images").glob("*/*.*")), "COVID-CT"
    with tempfile.TemporaryDirectory() as work:
        folder = links(Path(work) / "scans", options.images, images)
        names = distinct(options.bundles)
        figures = [figure for name in names for figure in _figures(name, folder, options, Path(work))]
    how = (
        f"{options.images} links to images of {what}; medians of {options.turns} turns of fresh processes, "
        "and the whole time of a process, its start and imports too, for edgect and for the loops alike. "
        "The loops are `benchmarks/plain_loop.py`: `cv2.imread`, resize, FP32 network, print, one image "
        "after another, with the libraries' default number of threads; they do not look for lungs. *Loop "
        "alone* leaves out the loop's imports and loading, but nothing of edgect's time. *Parts* are "
        "decoding and pre-processing of all images, then inference on all of them, each alone on all cores "
        "and timed from its first image to its last; edgect's *start* is its time for one image. Targets are "
        "for the default engine, OpenVINO; a row *onnxruntime* is edgect with the other. Bundles of "
        "the same network with other weights are measured once."
    )
    return [Section(f"A folder on {available_cores()} cores", how, tuple(figures))]


def links(folder: Path, count: int, scans: Iterable[Path]) -> Path:
    """A new folder of `count` links to scans, which are used again where they are fewer."""
    folder.mkdir()
    for number, scan in enumerate(islice(cycle(scans), count)):
        (folder / f"{number:06d}{scan.suffix}").symlink_to(scan.resolve())
    return folder


def _figures(bundle: str, folder: Path, options: Options, work: Path) -> list[Figure]:
    env = {"EDGECT_CACHE_DIR": str(work / "cache")}
    rows = work / "rows.csv"
    single_file = sorted(EXAMPLES.iterdir())[0]

    def edgect(scans: Path, *more: str) -> process.Usage:
        command = process.edgect("classify", scans, "--model", bundle, "--format", "csv", "-o", rows, *more)
        return process.run(command, env)

    calls: dict[str, Callable[[], Any]] = {
        "edgect": partial(edgect, folder),
        "edgect, ONNX Runtime": partial(edgect, folder, "--backend", "onnxruntime"),
        "start": partial(edgect, single_file),
        "one thread": partial(edgect, folder, "--threads", "1"),
        "parts": partial(fresh.call, parts, bundle, str(folder)),
        "ONNX Runtime": partial(_plain_loop, "onnxruntime", bundle, folder),
    }
    if run_folder(bundle).is_dir() and find_spec("torch"):
        calls["torch"] = partial(_plain_loop, "torch", bundle, folder)
    edgect(folder)  # so that files and models are cached
    step(f"folder: {bundle}: {', '.join(calls)}; {options.turns} turns")
    usages = take_turns(calls, options.turns, warm_up=False)

    seconds = {name: [usage.seconds for usage in usages[name]] for name in usages if name != "parts"}
    figure, whole = row_of(Path(bundle).name), seconds["edgect"]
    other, whole_of_other = row_of(f"{Path(bundle).name}, onnxruntime"), seconds["edgect, ONNX Runtime"]
    figures = [figure("edgect", median(whole), "s"), other("edgect", median(whole_of_other), "s")]
    for name, target in (("ONNX Runtime", MIN_ONNXRUNTIME_RATIO), ("torch", MIN_TORCH_RATIO)):
        if name in usages:
            alone = [float(usage.last_words) for usage in usages[name]]
            figures += [
                figure(f"loop in {name}", median(seconds[name]), "s"),
                figure(f"edgect to loop in {name}", ratio(seconds[name], whole), "x", at_least=target),
                figure(f"edgect to loop alone in {name}", ratio(alone, whole), "x"),
                other(f"edgect to loop in {name}", ratio(seconds[name], whole_of_other), "x"),
            ]
    decoding, inference = (median(part) for part in zip(*usages["parts"], strict=True))
    both, start = [sum(part) for part in usages["parts"]], seconds["start"]
    without_start = [a - b for a, b in zip(whole, start, strict=True)]
    cores = median(usage.cpu_seconds / usage.seconds for usage in usages["one thread"])
    return [
        *figures,
        figure("decoding and pre-processing", decoding, "s"),
        figure("inference", inference, "s"),
        figure("start", median(start), "s"),
        figure("edgect to parts", ratio(whole, both), "x", at_most=MAX_OF_PARTS),
        figure("edgect without start to parts", ratio(without_start, both), "x", at_most=MAX_OF_PARTS),
        figure("cores with --threads 1", cores, at_most=MAX_CORES_OF_ONE_THREAD),
    ]


def _plain_loop(engine: str, bundle: str, folder: Path) -> process.Usage:
    loaded = Bundle.load(bundle)
    model = loaded.path / "fp32.onnx" if engine == "onnxruntime" else run_folder(bundle)
    size = [str(side) for side in loaded.manifest.input.shape[1:]]
    return process.run([sys.executable, "-m", "benchmarks.plain_loop", engine, model, folder, *size])


def parts(bundle: str, folder: str) -> tuple[float, float]:
    """Seconds of decoding and pre-processing alone, and of inference alone, each on all cores."""
    loaded, cores = Bundle.load(bundle), available_cores()
    preprocess = Preprocess(loaded.manifest.input.steps)
    session = backends.load("openvino", loaded, "int8", cores, streams=cores)
    cv2.setNumThreads(1)  # as `edgect classify` does: a file has its core already

    def prepare(path: str) -> NDArray[np.uint8]:
        return preprocess(read_slice(path))[0]

    def infer(image: NDArray[np.uint8]) -> Outputs:
        return session.infer(image[np.newaxis])

    files = find_scans([folder])
    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(infer, [prepare(files[0])] * 4 * cores))  # every stream and thread has begun
        start = perf_counter()
        images = list(pool.map(prepare, files))
        middle = perf_counter()
        list(pool.map(infer, images))
        return middle - start, perf_counter() - middle
