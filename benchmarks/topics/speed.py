"""INT8 against FP32 on both engines, and against torch: one image at a time, on one thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import Figure, Section
from benchmarks.harness import fresh, slices
from benchmarks.harness.interleaved import ratio, seconds
from benchmarks.harness.options import Options, run_folder
from benchmarks.harness.progress import step
from deploy.verification.processors import CAP, CAPS
from edgect.model import backends
from edgect.model.bundles.bundle import Bundle

MIN_OPENVINO_RATIO = 3.0
MIN_TORCH_RATIO = 8.0
MIN_ONNXRUNTIME_RATIO = 2.5


BURST = 5
RATIOS = (
    "Medians of the rounds' own ratios. *Single calls*: in turns of one call, in which each network finds "
    "the caches full of the others' data. The targets for OpenVINO are for CPUs with VNNI and stand in "
    "those rows."
)

Times = dict[str, list[float]]


def measure_speed(options: Options) -> list[Section]:
    latencies, ratios = [], []
    for bundle in options.bundles:
        for cap in (fresh.NATIVE, *CAPS):
            step(f"speed: {bundle}, {cap}")
            case, vnni = f"{Path(bundle).name}, {cap}", cap in fresh.WITH_VNNI
            bursts, single = fresh.call(seconds_by_engine, bundle, options.rounds, vnni, cap=cap)
            latencies += [Figure(case, name, 1000 * median(times), "ms") for name, times in bursts.items()]
            ratios += _ratios(case, bursts, single, vnni)
    how = (
        f"The network alone, batch 1, one thread: {options.rounds} rounds, in which the networks of a row "
        f"take turns of {BURST} calls, in a fresh process for every row. `{CAP}` caps oneDNN, which "
        "OpenVINO computes with, and torch in part; ONNX Runtime does without it. torch is eager FP32 of "
        "the same weights. "
    )
    return [
        Section("Latency of the network", how + "Medians.", tuple(latencies)),
        Section("Ratios", how + RATIOS, tuple(ratios)),
    ]


def seconds_by_engine(bundle: str, rounds: int, everything: bool) -> list[Times]:
    """By round, of one image: in bursts, and in turns of one call. everything: not OpenVINO alone."""
    loaded = Bundle.load(bundle)
    image = slices.examples(loaded).images[:1]
    engines = backends.BACKENDS if everything else (backends.DEFAULT_BACKEND,)
    calls: dict[str, Callable[[], object]] = {
        f"{engine} {precision}": partial(backends.load(engine, loaded, precision, 1).infer, image)
        for engine in engines
        for precision in ("fp32", "int8")
    }
    if everything and (torch_call := in_torch(bundle, image)):
        calls["torch"] = torch_call
    return [seconds(calls, rounds, BURST), seconds(calls, rounds)]


def in_torch(bundle: str, image: NDArray[np.uint8]) -> Callable[[], object] | None:
    """The network in torch on one thread, where torch and the run are at hand."""
    try:
        import torch
    except ImportError:
        return None
    folder = run_folder(bundle)
    if not folder.is_dir():
        return None
    from train.opened_run import open_run

    torch.set_num_threads(1)
    network, tensor = open_run(folder).network(), torch.from_numpy(image)

    def infer() -> object:
        with torch.inference_mode():
            return network(tensor)

    return infer


def _ratios(case: str, bursts: Times, single: Times, vnni: bool) -> list[Figure]:
    figures = []
    for what, slow, quick, target in (
        ("OpenVINO INT8 to FP32", "openvino fp32", "openvino int8", MIN_OPENVINO_RATIO if vnni else None),
        ("OpenVINO INT8 to torch", "torch", "openvino int8", MIN_TORCH_RATIO),
        ("ONNX Runtime INT8 to FP32", "onnxruntime fp32", "onnxruntime int8", MIN_ONNXRUNTIME_RATIO),
    ):
        if slow in bursts:
            figures.append(Figure(case, what, ratio(bursts[slow], bursts[quick]), "x", at_least=target))
            figures.append(Figure(case, f"{what}, single calls", ratio(single[slow], single[quick]), "x"))
    return figures
