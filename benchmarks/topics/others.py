"""This network against those that others would pick: cost, size and latency on both engines."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import Figure, Section, row_of
from benchmarks.harness import fresh, slices
from benchmarks.harness.interleaved import medians
from benchmarks.harness.multiply_adds import multiply_adds, parameters
from benchmarks.harness.options import Options
from benchmarks.harness.progress import step
from benchmarks.topics.other_networks import prepared
from benchmarks.topics.speed import BURST
from edgect.model import backends
from edgect.model.backends import onnxruntime, openvino
from edgect.model.bundles.bundle import Bundle

PAPER = {  # what the paper reports of its network: seconds an image, hours for 4,300
    "workstation": {"an image": (1.25, "s")},
    "laptop": {"an image": (7.81, "s"), "4,300 images": (9.32, "h")},
}


def measure_other_networks(options: Options) -> list[Section]:
    folders = {Path(name).name: Bundle.load(name).path for name in options.bundles}
    folders |= {other.name: other.files for other in prepared(options.work)}
    rounds, times = max(options.rounds // 2, 1), {}
    for cap in fresh.WITH_VNNI:
        step(f"others: {', '.join(folders)}, {cap}")
        times[cap] = fresh.call(milliseconds, list(options.bundles), str(options.work), rounds, cap=cap)
    figures = [f for name, folder in folders.items() for f in _figures(name, folder, times)]
    how = (
        "Batch 1, one thread, an example scan. edgect's networks as bundled (`lungs` on crops of 131 × 179, "
        "`cnn1` and `cnn2` on slices of 227 × 227 pixels, grey); the others are torchvision's, with two "
        "classes, random weights and their usual inputs of 224 × 224, Inception v3 299 × 299, in colour; "
        "exported by torch.onnx, quantized by NNCF for OpenVINO and by ONNX Runtime's static quantization "
        f"(QDQ, per channel) with the eight example scans. Networks take turns of {BURST} calls, medians of "
        f"{rounds} rounds. Parameters and multiply-adds are counted in the FP32 ONNX "
        "graph, and sizes are those of the ONNX files, for OpenVINO INT8 of both its files."
    )
    how_paper = (
        "Its own seconds (Section 3.3), on its own machines with its own software; the same place has 4.51 "
        "s for the network it compares itself with, Table 7's [9], on a workstation like it."
    )
    paper = [
        Figure(machine, what, value, unit)
        for machine, row in PAPER.items()
        for what, (value, unit) in row.items()
    ]
    return [
        Section("Against what others would pick", how, tuple(figures)),
        Section("What the paper reports", how_paper, tuple(paper)),
    ]


def milliseconds(bundles: list[str], work: str, rounds: int) -> dict[str, dict[str, float]]:
    """By network, and by engine and precision."""
    calls: dict[str, Callable[[], object]] = {}
    for name in bundles:
        bundle = Bundle.load(name)
        image = slices.examples(bundle).images[:1]
        for engine in backends.BACKENDS:
            for precision in backends.PRECISIONS:
                session = backends.load(engine, bundle, precision, 1)
                calls[f"{Path(name).name}/{engine} {precision}"] = partial(session.infer, image)
    for other in prepared(Path(work)):
        for precision in backends.PRECISIONS:
            in_openvino, in_onnxruntime = _calls(other.files, precision, other.images[:1])
            calls[f"{other.name}/openvino {precision}"] = in_openvino
            calls[f"{other.name}/onnxruntime {precision}"] = in_onnxruntime
    by_network: dict[str, dict[str, float]] = {}
    for key, seconds in medians(calls, rounds, BURST).items():
        name, engine_and_precision = key.split("/")
        by_network.setdefault(name, {})[engine_and_precision] = 1000 * seconds
    return by_network


def _calls(
    files: Path, precision: backends.Precision, image: NDArray[np.float32]
) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """One image on OpenVINO and on ONNX Runtime, with the settings that edgect's networks get."""
    import onnxruntime as ort
    import openvino as ov

    options = ort.SessionOptions()
    for name, value in onnxruntime.settings(1).items():
        setattr(options, name, value)
    (onnx,) = onnxruntime.files(precision)
    session = ort.InferenceSession(files / onnx, options, providers=[onnxruntime.PROVIDER])
    compiled = ov.Core().compile_model(files / openvino.files(precision)[0], "CPU", openvino.settings(1))
    infer = partial(compiled.create_infer_request().infer, share_inputs=True, share_outputs=True)
    return partial(infer, {"image": image}), partial(session.run, ["logits"], {"image": image})


def _figures(name: str, folder: Path, times: dict[str, dict[str, dict[str, float]]]) -> list[Figure]:
    """times: milliseconds by instruction set, network, engine and precision."""
    figure = row_of(name)
    shown = [  # ONNX Runtime is not capped
        *(("OpenVINO", "openvino", cap) for cap in fresh.WITH_VNNI),
        ("ONNX Runtime", "onnxruntime", fresh.NATIVE),
    ]
    return [
        figure("parameters", parameters(folder / "fp32.onnx") / 1e6, "M"),
        figure("multiply-adds", multiply_adds(folder / "fp32.onnx") / 1e6, "M"),
        figure("FP32 file", _megabytes(folder, ["fp32.onnx"]), "MB"),
        figure("INT8 file, OpenVINO", _megabytes(folder, openvino.files("int8")), "MB"),
        figure("INT8 file, ONNX Runtime", _megabytes(folder, onnxruntime.files("int8")), "MB"),
        *(
            figure(f"{title} {precision.upper()}, {cap}", times[cap][name][f"{engine} {precision}"], "ms")
            for title, engine, cap in shown
            for precision in ("fp32", "int8")
        ),
    ]


def _megabytes(folder: Path, files: Iterable[str]) -> float:
    return sum((folder / file).stat().st_size for file in files) / 1e6
