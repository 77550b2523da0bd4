"""INT8 against FP32 and against torch, as ratios of medians from one interleaved loop."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.conftest import Load
from benchmarks.harness.interleaved import medians
from benchmarks.harness.slices import Slices
from edgect.model.backends import BACKENDS

MIN_OPENVINO_RATIO = 1.2


def test_int8_is_faster_than_fp32(
    benchmark: BenchmarkFixture, load: Load, measured_on: Slices, say: Callable[[str], None]
) -> None:
    image = measured_on.images[:1]
    alternatives = {
        f"{backend} {precision}": partial(load(backend, precision, 1).infer, image)
        for backend in BACKENDS
        for precision in ("fp32", "int8")
    }
    benchmark.group = "ratios, whole loop"
    seconds = benchmark.pedantic(medians, (alternatives,))
    ratios = {b: seconds[f"{b} fp32"] / seconds[f"{b} int8"] for b in BACKENDS}
    for backend, ratio in ratios.items():
        fp32, int8 = (seconds[f"{backend} {p}"] * 1000 for p in ("fp32", "int8"))
        say(f"{backend}, 1 thread: INT8 {ratio:.2f}x as fast as FP32 ({int8:.2f} ms, {fp32:.2f} ms)")
    benchmark.extra_info.update(ratios)
    assert ratios["openvino"] >= MIN_OPENVINO_RATIO


def test_openvino_int8_against_torch(
    benchmark: BenchmarkFixture,
    load: Load,
    measured_on: Slices,
    run_folder: Path,
    say: Callable[[str], None],
) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed (pip install .[train])")
    from train.opened_run import open_run

    network, image = open_run(run_folder).network(), measured_on.images[:1]
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    benchmark.group = "ratios, whole loop"
    try:
        with torch.inference_mode():
            alternatives = {
                "torch": partial(network, torch.from_numpy(image)),
                "openvino int8": partial(load("openvino", "int8", 1).infer, image),
            }
            seconds = benchmark.pedantic(medians, (alternatives,))
    finally:
        torch.set_num_threads(before)
    ratio = seconds["torch"] / seconds["openvino int8"]
    say(f"openvino INT8, 1 thread: {ratio:.2f}x as fast as torch ({seconds['torch'] * 1000:.2f} ms)")
    benchmark.extra_info["ratio"] = ratio
    assert ratio > 1
