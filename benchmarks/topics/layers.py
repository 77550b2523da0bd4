"""Which layers take the time, by the engines' own counters."""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import Section, row_of
from benchmarks.harness import fresh, slices
from benchmarks.harness.options import Options, distinct
from benchmarks.harness.progress import step
from edgect.model.backends import onnxruntime, openvino
from edgect.model.bundles.bundle import Bundle

TOP = 8
HOW = "By the engine's own counters (OpenVINO's PERF_COUNT, ONNX Runtime's profile)"

Times = dict[tuple[str, str], list[float]]  # seconds, by name and kind


class Layer(NamedTuple):
    name: str
    kind: str
    milliseconds: float


def measure_layers(options: Options) -> list[Section]:
    sections = []
    for bundle in distinct(options.bundles):
        for cap in fresh.WITH_VNNI:
            step(f"layers: {bundle}, openvino, {cap}")
            rows = fresh.call(of_openvino, bundle, options.rounds, cap=cap)
            sections.append(
                _section(f"{Path(bundle).name}, OpenVINO INT8, {cap}", [Layer(*row) for row in rows])
            )
        step(f"layers: {bundle}, onnxruntime")
        rows = fresh.call(of_onnxruntime, bundle, options.rounds)
        sections.append(_section(f"{Path(bundle).name}, ONNX Runtime INT8", [Layer(*row) for row in rows]))
    return sections


def of_openvino(bundle: str, rounds: int) -> list[Layer]:
    """By PERF_COUNT; a layer's kind is its type and the kernel that ran."""
    import openvino as ov

    loaded = Bundle.load(bundle)
    xml, weights = (loaded.read(name) for name in openvino.files("int8"))
    core = ov.Core()
    model = core.read_model(model=xml, weights=weights)
    model.reshape([1, *loaded.manifest.input.shape])
    request = core.compile_model(
        model, "CPU", {**openvino.settings(1), "PERF_COUNT": "YES"}
    ).create_infer_request()
    image = _image(loaded)
    times: Times = defaultdict(list)
    for _ in range(rounds + 1):
        request.infer({"image": image})
        for info in request.profiling_info:
            times[info.node_name, f"{info.node_type} {info.exec_type}"].append(info.real_time.total_seconds())
    return _medians(times)


def of_onnxruntime(bundle: str, rounds: int) -> list[Layer]:
    """By its profile; a layer's kind is its operator."""
    import onnxruntime as ort

    loaded = Bundle.load(bundle)
    options = ort.SessionOptions()
    for name, value in onnxruntime.settings(1).items():
        setattr(options, name, value)
    image = _image(loaded)
    times: Times = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "profile")
        (content,) = (loaded.read(name) for name in onnxruntime.files("int8"))
        session = ort.InferenceSession(content, options, providers=[onnxruntime.PROVIDER])
        for _ in range(rounds + 1):
            session.run(None, {"image": image})
        events = json.loads(Path(session.end_profiling()).read_text())
    for event in events:
        if event["cat"] == "Node" and event["name"].endswith("_kernel_time"):
            name = event["name"].removesuffix("_kernel_time")
            times[name, event["args"]["op_name"]].append(event["dur"] / 1e6)
    return _medians(times)


def _medians(times: Times) -> list[Layer]:
    """In milliseconds, without the first round."""
    layers = [Layer(name, kind, 1000 * median(values[1:])) for (name, kind), values in times.items()]
    return [layer for layer in layers if layer.milliseconds > 0]


def _section(title: str, layers: list[Layer]) -> Section:
    """The layers summed up by kind, and the longest of them."""
    kinds: dict[str, list[float]] = defaultdict(list)
    for layer in layers:
        kinds[layer.kind].append(layer.milliseconds)
    total = sum(layer.milliseconds for layer in layers)
    rows = [(f"{len(times)} × {kind}", "", sum(times)) for kind, times in kinds.items()]
    figures = []
    for name, kind, milliseconds in [*_longest(rows), *_longest(layers)]:
        figure = row_of(f"{name}, {kind}" if kind else name)
        figures += [figure("time", milliseconds, "ms"), figure("share", 100 * milliseconds / total, "%")]
    how = (
        f"{HOW}, one thread, medians of every layer; counting slows the network somewhat. "
        f"Together {total:.3f} ms in {len(layers)} layers."
    )
    return Section(title, how, tuple(figures))


def _longest(rows: Sequence[tuple[str, str, float]]) -> list[tuple[str, str, float]]:
    return sorted(rows, key=lambda row: -row[2])[:TOP]


def _image(bundle: Bundle) -> NDArray[np.uint8]:
    return slices.examples(bundle).images[:1]
