"""What the measurements stand on: fresh processes, counted work, and the loops that are compared with."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from benchmarks.harness import process
from benchmarks.harness.interleaved import medians
from benchmarks.harness.multiply_adds import multiply_adds, parameters
from benchmarks.harness.slices import EXAMPLES
from benchmarks.topics import auto
from benchmarks.topics.folder import links
from benchmarks.topics.parity import Parity, compare
from edgect.model.bundles.bundle import Bundle


def test_a_turn_may_be_several_calls() -> None:
    calls: list[str] = []
    medians({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=2, burst=3)
    assert "".join(calls) == "aaabbb" + "aaabbb" + "bbbaaa"


def test_memory_of_a_process_is_its_own() -> None:
    ours = np.ones(400_000_000, np.uint8)
    usage = process.run([sys.executable, "-c", "print('out'); import sys; print('last', file=sys.stderr)"])
    assert 5 < usage.peak_mb < ours.nbytes / 1e6 / 2
    assert 0 < usage.cpu_seconds < usage.seconds * 8
    assert usage.last_words == "last"


def test_a_process_that_fails_is_no_measurement() -> None:
    with pytest.raises(RuntimeError, match="no such file"):
        process.run(process.edgect("classify", "no-such-file.png"))


def test_parity_of_answers() -> None:
    bundle = Bundle.load()
    fp32 = np.array([[0, 5], [5, 0], [0, 5], [5, 0]], np.float32)
    int8 = np.array([[0, 5], [5, 0], [5, 0], [5, 0]], np.float32)
    parity = compare(int8, fp32, np.array([1, 0, 1, 1]), bundle)
    assert parity.agreement == 0.75
    assert parity.accuracy == (0.5, 0.75)
    assert parity.accuracy_difference == 0.25
    assert 0.5 < parity.difference < 1
    assert parity.agreement_interval == pytest.approx((0.194, 0.994), abs=1e-3)  # Clopper and Pearson


def test_few_slices_do_not_tell_a_difference_of_accuracy() -> None:
    two_of_311 = Parity(311, 309, 0.01, (0.8, 0.8 + 2 / 311))
    low, high = two_of_311.accuracy_interval
    assert low == 0
    assert 2 / 311 < high < 0.03
    half = Parity(1000, 500, 0.5, (0.9, 0.4))
    assert half.accuracy_interval[0] > 0.4


def test_the_worst_choice_of_an_engine_counts() -> None:
    turns = [("openvino", {"openvino": [2.0, 2.0], "onnxruntime": [1.0, 1.0]})] * 4
    turns += [("onnxruntime", {"openvino": [2.0, 2.0], "onnxruntime": [1.0, 1.0]})]
    chosen, *_, worst = auto.figures_of("lungs, many", turns)
    assert chosen.value == "openvino 4 of 5, onnxruntime 1 of 5"
    assert (worst.value, worst.met) == (2.0, False)
    assert auto.figures_of("lungs, many", turns[-1:])[-1].value == 1.0


@pytest.mark.long
def test_an_engine_is_chosen_and_held_against_the_other() -> None:
    chosen, times = auto.choose_and_measure("lungs", "many", 2)
    assert chosen in times
    assert all(len(values) == 2 and min(values) > 0 for values in times.values())


def test_multiply_adds_and_parameters_are_counted(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Conv", ["x", "filters", "bias"], ["maps"], strides=[2, 2], group=2),
        helper.make_node("GlobalAveragePool", ["maps"], ["means"]),
        helper.make_node("Flatten", ["means"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weights"], ["y"], transB=1),
    ]
    sizes = {"filters": [6, 2, 3, 3], "bias": [6], "weights": [5, 6]}
    tensors = [numpy_helper.from_array(np.zeros(s, np.float32), name) for name, s in sizes.items()]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4, 9, 11])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 5])
    graph = helper.make_graph(nodes, "graph", [x], [y], tensors)
    opset = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=10), tmp_path / "network.onnx")
    assert multiply_adds(tmp_path / "network.onnx") == 6 * (2 * 3 * 3) * (4 * 5) + 5 * 6
    assert parameters(tmp_path / "network.onnx") == 6 * 2 * 9 + 6 + 30


def test_the_plain_loop_and_the_bare_script_answer(tmp_path: Path) -> None:
    bundle, folder = Bundle.load(), links(tmp_path / "scans", 3, EXAMPLES.iterdir())
    size = [str(side) for side in bundle.manifest.input.shape[1:]]
    module = [sys.executable, "-m"]
    loop: list[str | Path] = [
        *module,
        "benchmarks.plain_loop",
        "onnxruntime",
        bundle.path / "fp32.onnx",
        folder,
        *size,
    ]
    assert float(process.run(loop).last_words) > 0
    scan = tmp_path / "one.webp"
    scan.symlink_to(next(EXAMPLES.glob("*.webp")))
    bare: list[str | Path] = [
        *module,
        "benchmarks.bare",
        bundle.path / "int8.xml",
        tmp_path / "cache",
        scan,
        *size,
    ]
    process.run(bare)
    assert list((tmp_path / "cache").iterdir())
