"""The whole way from a run to a bundle, by the command that users run."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import openvino as ov
import pytest

from deploy import verify
from edgect import Classifier
from edgect.backends import BACKENDS, PRECISIONS
from edgect.bundle import Bundle
from tests.deploy.command import deploy
from train.run import Run


@pytest.fixture
def bundle(made) -> Path:
    return made[0]


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_every_model_in_it_classifies(bundle: Path, covid_ct: Path, backend: str, precision: str) -> None:
    classifier = Classifier(bundle, backend, precision)
    folder = covid_ct / "covid-ct/Images/CT_COVID"
    answers = list(classifier.classify([folder / f"val-{n}.png" for n in range(3)]))
    assert [answer.status for answer in answers] == ["ok"] * 3


def test_it_prints_the_difference_to_torch_and_the_parity(made) -> None:
    assert "ONNX against torch, largest difference: logits" in made[1]
    for backend in BACKENDS:
        assert f"{backend} int8 against {backend} fp32: agreement " in made[1]


def test_the_manifest_holds_hashes_settings_split_and_measurements(bundle: Path, run: Run) -> None:
    manifest = Bundle.load(bundle).manifest
    assert set(manifest["files"]) == {"fp32.onnx", "int8.onnx", "int8.xml", "int8.bin", "MODEL_CARD.md"}
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((bundle / name).read_bytes()).hexdigest() == digest
    assert manifest["input"]["shape"] == [1, 67, 67]
    assert manifest["training"]["settings"]["seed"] == run.settings().seed
    assert manifest["training"]["weights_sha256"] == hashlib.sha256(run.weights.read_bytes()).hexdigest()
    assert manifest["temperature"] > 0
    assert manifest["heat_map_scale"] != 0
    metrics = manifest["metrics"]["validation"]
    assert set(metrics) == {f"{b} {p}" for b in BACKENDS for p in PRECISIONS}
    for row in metrics.values():
        low, high = row["accuracy"]["interval"]
        assert low <= row["accuracy"]["value"] <= high
        assert sum(row["confusion"].values()) == 118


def test_calibration_slices_are_of_the_training_part_half_of_each_class(bundle: Path, run: Run) -> None:
    calibration = Bundle.load(bundle).manifest["calibration"]
    labels = {item.path: item.label for item in run.arrangement().train}
    drawn = [labels[path] for path in calibration["paths"]]
    assert (len(drawn), sum(drawn), len(set(calibration["paths"]))) == (60, 30, 60)


def test_the_test_split_is_read_only_on_request(made, run: Run, covid_ct: Path, tmp_path: Path) -> None:
    assert "test" not in Bundle.load(made[0]).manifest["metrics"]
    copy = Path(shutil.copytree(run.path, tmp_path / "run"))
    assert not (copy / "test_readings.jsonl").exists()
    done = deploy(copy, covid_ct, tmp_path / "bundle", "--calibration-size", "60", "--test")
    assert done.returncode == 0, done.stderr
    (line,) = (copy / "test_readings.jsonl").read_text().splitlines()
    assert json.loads(line)["metrics"] == Bundle.load(tmp_path / "bundle").manifest["metrics"]["test"]


def test_the_model_card_carries_the_manifests_numbers(bundle: Path) -> None:
    card = (bundle / "MODEL_CARD.md").read_text()
    accuracy = Bundle.load(bundle).manifest["metrics"]["validation"]["openvino int8"]["accuracy"]["value"]
    assert f"{accuracy:.3f}" in card
    assert "Not a medical device" in card
    assert "$" not in card


def test_weights_are_quantized_in_both_models(bundle: Path) -> None:
    qdq = onnx.load(bundle / "int8.onnx")
    convolutions = [node for node in qdq.graph.node if node.op_type == "Conv"]
    made_by = {name: node.op_type for node in qdq.graph.node for name in node.output}
    quantized = [node for node in convolutions if made_by.get(node.input[1]) == "DequantizeLinear"]
    assert len(convolutions) - len(quantized) == 10  # the heat map, the first and eight squeeze convolutions
    ir = ov.Core().read_model(bundle / "int8.xml")
    stored = [op for op in ir.get_ops() if op.get_type_name() == "Constant"]
    share = {
        t: sum(op.data.size for op in stored if op.get_element_type() == t) for t in (ov.Type.i8, ov.Type.f32)
    }
    assert share[ov.Type.i8] > 1_150_000
    assert share[ov.Type.f32] < 130_000  # squeeze convolutions, biases, scales


def test_weights_leave_a_bit_for_processors_without_vnni(bundle: Path) -> None:
    qdq = onnx.load(bundle / "int8.onnx")
    weights = [
        onnx.numpy_helper.to_array(t) for t in qdq.graph.initializer if t.data_type == onnx.TensorProto.INT8
    ]
    kernels = [w for w in weights if w.ndim == 4]
    assert len(kernels) == 18
    assert max(int(np.abs(w.astype(int)).max()) for w in kernels) <= 64


def test_unfaithful_int8_is_refused_by_name() -> None:
    good = {"agreement": 1.0, "max_probability_difference": 0.01, "accuracy_difference": 0.0}
    verify.require_parity({"openvino int8": good})
    for bad in ({**good, "agreement": 0.98}, {**good, "max_probability_difference": 0.09}):
        with pytest.raises(verify.VerificationError, match="onnxruntime int8"):
            verify.require_parity({"openvino int8": good, "onnxruntime int8": bad})


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
    done = deploy(tmp_path, covid_ct, tmp_path / "out")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("Error: ")
    assert "Traceback" not in done.stderr
