"""Which share of the CPU's measured peak rate OpenVINO's networks reach."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import Section, row_of
from benchmarks.harness import fresh, slices
from benchmarks.harness.interleaved import medians, take_turns
from benchmarks.harness.multiply_adds import multiply_adds
from benchmarks.harness.options import Options
from benchmarks.harness.progress import step
from benchmarks.topics.speed import BURST
from edgect.model import backends
from edgect.model.backends.openvino import settings
from edgect.model.bundles.bundle import Bundle

SIDE = 1024  # of the matrices; 512 and 2048 gave lower rates


def measure_share_of_peak(options: Options) -> list[Section]:
    figures = []
    for bundle in options.bundles:
        work = multiply_adds(Bundle.load(bundle).path / "fp32.onnx")
        for cap in fresh.WITH_VNNI:
            step(f"peak: {bundle}, {cap}")
            by_precision = fresh.call(rates, bundle, work, options.rounds, cap=cap)
            figure = row_of(f"{Path(bundle).name}, {cap}")
            figures.append(figure("multiply-adds", work / 1e6, "M"))
            for precision in ("int8", "fp32"):
                network, product, kernel = by_precision[precision]
                name = precision.upper()
                figures += [
                    figure(f"{name} network", network / 1e9, "G/s"),
                    figure(f"{name} product", product / 1e9, "G/s"),
                    figure(f"{name} share", 100 * network / product, "%"),
                    figure(f"{name} product's kernel", kernel),
                ]
    how = (
        "Multiply-adds (of convolutions and matrix products, counted in the ONNX graph) a second, batch 1, "
        f"one thread, against a product of two matrices of {SIDE} × {SIDE} in OpenVINO. The network's time "
        "is the whole call's; the product's is its own, by OpenVINO's counters, which name its kernel. All "
        f"take turns in one loop, the networks of {BURST} calls; medians of {options.rounds} rounds. No "
        "target: to be reported."
    )
    return [Section("Share of the measured peak, OpenVINO", how, tuple(figures))]


def rates(bundle: str, work: int, rounds: int) -> dict[str, tuple[float, float, str]]:
    """By precision: multiply-adds a second of the network and of the product, and the product's kernel."""
    loaded = Bundle.load(bundle)
    image = slices.examples(loaded).images[:1]
    calls: dict[str, Callable[[], tuple[float, str]]] = {}
    for precision in backends.PRECISIONS:
        calls[f"network {precision}"] = _timed(backends.load("openvino", loaded, precision, 1), image)
        calls[f"product {precision}"] = _product(precision == "int8")
    answers = take_turns(calls, rounds)
    seconds = {name: median(s for s, _ in values) for name, values in answers.items()}
    return {
        p: (work / seconds[f"network {p}"], SIDE**3 / seconds[f"product {p}"], answers[f"product {p}"][0][1])
        for p in backends.PRECISIONS
    }


def _timed(session: backends.Session, image: NDArray[np.uint8]) -> Callable[[], tuple[float, str]]:
    def call() -> tuple[float, str]:
        return medians({"": partial(session.infer, image)}, rounds=BURST)[""], ""

    return call


def _product(int8: bool) -> Callable[[], tuple[float, str]]:
    """A matrix product in OpenVINO, unsigned 8 bits by signed 8 bits or float32."""
    import openvino as ov
    from openvino import opset13 as op

    rng = np.random.default_rng(0)
    activations = op.parameter([SIDE, SIDE], np.float32)
    if int8:
        levels = op.constant(rng.integers(-63, 64, (SIDE, SIDE), np.int8))
        scale = op.constant(np.full((SIDE, 1), 0.01, np.float32))
        weights = op.multiply(op.convert(levels, "f32"), scale)
        low, high = np.float32(0), np.float32(2.55)
        left = op.fake_quantize(activations, low, high, low, high, 256)
    else:
        left, weights = activations, op.constant(rng.normal(size=(SIDE, SIDE)).astype(np.float32))
    model = ov.Model([op.matmul(left, weights, False, True)], [activations], "product")
    compiled = ov.Core().compile_model(model, "CPU", {**settings(1), "PERF_COUNT": "YES"})
    request, values = compiled.create_infer_request(), rng.uniform(0, 2.5, (SIDE, SIDE)).astype(np.float32)

    def call() -> tuple[float, str]:
        request.infer({0: values}, share_inputs=True)
        (layer,) = (i for i in request.profiling_info if i.node_type.startswith(("FullyConnected", "MatMul")))
        if ("I8" in layer.exec_type) != int8:
            raise RuntimeError(f"the product ran as {layer.exec_type}")
        return layer.real_time.total_seconds(), layer.exec_type

    return call
