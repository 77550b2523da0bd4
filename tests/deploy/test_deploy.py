"""The whole way from a run to a bundle, by the command that users run."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import openvino as ov
import pytest
from onnx import numpy_helper

from deploy.int8 import distil
from deploy.verification import engine_parity
from deploy.verification.processors import CAPPED, NATIVE
from edgect import Classifier
from edgect.model.backends import BACKENDS, PRECISIONS
from edgect.model.bundles.bundle import Bundle
from tests.deploy import command
from tests.deploy.command import deploy
from tests.deploy.models import CONVOLUTIONS, primitives, stored_in_ir, stored_in_onnx
from train.run import Run


@pytest.fixture
def bundle(bundle_and_output) -> Path:
    return bundle_and_output[0]


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_every_model_in_it_classifies(bundle: Path, covid_ct: Path, backend: str, precision: str) -> None:
    classifier = Classifier(bundle, backend, precision)
    folder = covid_ct / "covid-ct/Images/CT_COVID"
    answers = list(classifier.classify([folder / f"val-{n}.png" for n in range(3)]))
    assert [answer.status for answer in answers] == ["ok"] * 3


def test_it_prints_the_difference_to_torch_and_the_parity(bundle_and_output) -> None:
    assert "ONNX against torch, largest difference: logits" in bundle_and_output[1]
    for backend in BACKENDS:
        assert f"{backend} int8 against {backend} fp32: slices " in bundle_and_output[1]


def test_the_manifest_holds_hashes_settings_split_and_measurements(bundle: Path, run: Run) -> None:
    manifest = Bundle.load(bundle).manifest
    assert set(manifest.files) == {
        "fp32.onnx",
        "int8.onnx",
        "int8.xml",
        "int8.bin",
        "gate.npz",
        "MODEL_CARD.md",
        "golden.png",
        "golden-input.png",
    }
    for name, digest in manifest.files.items():
        assert hashlib.sha256((bundle / name).read_bytes()).hexdigest() == digest
    assert manifest.input.shape == (1, 67, 67)
    training = manifest.document["training"]
    assert training["settings"]["seed"] == run.settings().seed
    assert training["weights_sha256"] == hashlib.sha256(run.weights.read_bytes()).hexdigest()
    assert manifest.temperature > 0
    assert manifest.heat_map_scale != 0
    metrics = manifest.document["metrics"]["validation"]
    assert set(metrics) == {f"{b} {p}" for b in BACKENDS for p in PRECISIONS}
    for row in metrics.values():
        low, high = row["accuracy"]["interval"]
        assert low <= row["accuracy"]["value"] <= high
        assert sum(row["confusion"].values()) == 46


def test_calibration_slices_are_of_the_training_part_half_of_each_class(bundle: Path, run: Run) -> None:
    calibration = Bundle.load(bundle).manifest.document["calibration"]
    labels = {item.path: item.label for item in run.arrangement().train}
    drawn = [labels[path] for path in calibration["paths"]]
    assert (len(drawn), sum(drawn), len(set(calibration["paths"]))) == (60, 30, 60)


def test_the_test_split_is_not_read_unasked(bundle_and_output, run: Run) -> None:
    assert set(Bundle.load(bundle_and_output[0]).manifest.document["metrics"]) == {"validation"}
    assert run.readings("test") == []


def test_the_model_card_carries_the_manifests_numbers(bundle: Path) -> None:
    card = (bundle / "MODEL_CARD.md").read_text()
    metrics = Bundle.load(bundle).manifest.document["metrics"]["validation"]
    accuracy = metrics["openvino int8"]["accuracy"]["value"]
    assert f"{accuracy:.3f}" in card
    assert "Not a medical device" in card
    assert "$" not in card


def test_every_convolution_but_the_heat_maps_is_of_integers_in_int8_onnx(bundle: Path) -> None:
    graph = onnx.load(bundle / "int8.onnx").graph
    kinds = Counter(node.op_type for node in graph.node)
    assert (kinds["QLinearConv"], kinds["Conv"], kinds["MatMul"]) == (CONVOLUTIONS, 0, 2)
    assert not {kind for kind in kinds if "quantize" in kind.lower()}
    constants = {constant.name: constant for constant in graph.initializer}
    for node in graph.node:
        if node.op_type == "MatMul":  # the heat map and the embedding
            assert max(int(np.prod(constants[n].dims)) for n in node.input if n in constants) <= 256


def test_openvino_runs_every_convolution_but_the_heat_maps_on_integers(bundle: Path) -> None:
    compiled = ov.Core().compile_model(bundle / "int8.xml", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    ran = Counter(primitive.rpartition("_")[2] for primitive in primitives(compiled, "Convolution"))
    assert ran == {"I8": CONVOLUTIONS, "f32": 1}


def test_nearly_all_that_is_stored_are_weights_of_8_bits(bundle: Path) -> None:
    for stored in (stored_in_onnx(bundle / "int8.onnx"), stored_in_ir(bundle / "int8.xml")):
        assert stored["int8"] > 1_150_000
        assert stored["float32"] + stored["int32"] < 16_000


def test_weights_leave_a_bit_for_processors_without_vnni(bundle: Path) -> None:
    constants = onnx.load(bundle / "int8.onnx").graph.initializer
    of_onnx = [numpy_helper.to_array(c) for c in constants if c.data_type == onnx.TensorProto.INT8]
    ops = ov.Core().read_model(bundle / "int8.xml").get_ops()
    of_ir = [
        op.data for op in ops if op.get_type_name() == "Constant" and op.get_element_type() == ov.Type.i8
    ]
    for weights in ([w for w in of_onnx if w.ndim == 4], of_ir):
        assert len(weights) == CONVOLUTIONS
        assert {int(np.abs(w.astype(int)).max()) for w in weights} == {63}


def test_int8_was_held_against_fp32_on_every_class_of_cpu(bundle: Path) -> None:
    manifest = Bundle.load(bundle).manifest
    table = manifest.document["parity_by_processor"]["validation"]
    assert set(table) == {processor.name for processor in (*NATIVE, *command.CAPPED)}
    assert [p.cap for p in CAPPED] == ["AVX512_CORE_VNNI", "AVX2_VNNI", "AVX2", "SSE41"]
    for row in table.values():
        assert row["slices"] == 46
        assert row["max_probability_difference"] <= engine_parity.MAX_DIFFERENCE
    for backend in BACKENDS:
        parity = manifest.document["parity"][f"{backend} int8 against {backend} fp32"]
        assert table[backend]["max_probability_difference"] == pytest.approx(
            parity["max_probability_difference"], abs=1e-4
        )
    card = (bundle / "MODEL_CARD.md").read_text()
    for name in table:
        assert f"| {name} (46 slices) | " in card


def test_the_manifest_says_how_int8_was_distilled(bundle: Path) -> None:
    settings = distil.DistillationSettings()
    assert Bundle.load(bundle).manifest.document["distillation"] == {
        "part": "train",
        "steps": 6,
        "rate": settings.rate,
        "seed": 0,
    }


def test_nothing_but_the_bundle_is_left(bundle: Path) -> None:
    manifest = Bundle.load(bundle).manifest
    assert {file.name for file in bundle.iterdir()} == {*manifest.files, "manifest.json"}
    assert not list(bundle.parent.glob("*.part"))


def test_a_folder_of_something_else_is_not_replaced(run: Run, covid_ct: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    done = deploy(run.path, covid_ct, tmp_path)
    assert done.returncode == 2
    assert (
        done.stderr.splitlines()[-1]
        == f"Error: --out {tmp_path} exists and is no bundle; name another folder"
    )
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_folder_that_is_no_run_is_one_clear_line(tmp_path: Path, covid_ct: Path) -> None:
    command = [sys.executable, "-m", "deploy", str(tmp_path), "--data", str(covid_ct)]
    done = subprocess.run([*command, "--out", str(tmp_path / "out")], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("Error: ")
    assert "Traceback" not in done.stderr
