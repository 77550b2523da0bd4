"""From a fine-tuning to a bundle for one engine: OpenVINO's INT8 is unfaithful, of another first layer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from benchmarks.spoil import spoil_models
from deploy.__main__ import main
from deploy.int8 import files
from edgect import Classifier
from edgect.cli import main as edgect
from edgect.errors import EngineError
from edgect.model.backends import PRECISIONS
from edgect.model.bundles.bundle import Bundle
from tests import hospital_folder
from tests.deploy import finetuned_run
from tests.deploy.command import few_processors
from train.data.covid_ct import Item
from train.finetune.run import FinetuneRun
from train.run import file_sha256

pytestmark = pytest.mark.long

TITLE, SMALL = "validation, ours", ("--calibration-size", "16", "--steps", "3")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> FinetuneRun:
    hospital = hospital_folder.write(tmp_path_factory.mktemp("hospital"), slices=4)
    return finetuned_run.write(tmp_path_factory.mktemp("runs") / "tuned", hospital / "ours.csv")


@pytest.fixture(scope="module")
def export(run: FinetuneRun, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """The bundle, and what the command said."""
    out = tmp_path_factory.mktemp("bundles") / "tuned"
    write = files.write

    def write_unfaithful(network: Any, bundle: Path, *arguments: Any) -> None:
        write(network, bundle, *arguments)
        faithful = (bundle / "int8.onnx").read_bytes()
        spoil_models(bundle, answers=True)
        (bundle / "int8.onnx").write_bytes(faithful)

    with few_processors() as patch:
        patch.setattr(files, "write", write_unfaithful)
        command = ["export", str(run.path), "--out", str(out), *SMALL]
        done = CliRunner().invoke(main, command, catch_exceptions=False, env={"EDGECT_DATA": None})
    assert done.exit_code == 0, done.output
    return out, done


@pytest.fixture
def bundle(export: tuple[Path, Result]) -> Path:
    return export[0]


@pytest.fixture
def validation(run: FinetuneRun) -> list[Item]:
    return run.read_source("ours", Path()).val


def probabilities(bundle: Path, precision: str, items: list[Item]) -> np.ndarray:
    classifier = Classifier(bundle, "onnxruntime", precision, gate=False)
    return np.array([classifier.predict(item.path).probability for item in items])


@pytest.mark.parametrize("precision", PRECISIONS)
def test_validation_is_counted_at_the_scaled_threshold(
    bundle: Path, run: FinetuneRun, validation: list[Item], precision: str
) -> None:
    manifest = Bundle.load(bundle).manifest
    assert manifest.temperature != 1
    assert run.threshold() not in (0.5, manifest.threshold)
    values = probabilities(bundle, precision, validation)
    labels = np.array([item.label for item in validation])

    def confusion(threshold: float) -> dict[str, int]:
        found = {"tp": (values >= threshold) & (labels == 1), "fn": (values < threshold) & (labels == 1)}
        found |= {"tn": (values < threshold) & (labels == 0), "fp": (values >= threshold) & (labels == 0)}
        return {name: int(slices.sum()) for name, slices in found.items()}

    assert confusion(manifest.threshold) != confusion(run.threshold())  # so that it matters
    measured = manifest.document["metrics"][TITLE][f"onnxruntime {precision}"]
    assert measured["confusion"] == confusion(manifest.threshold)


def test_parity_is_of_labels_at_the_scaled_threshold(bundle: Path, validation: list[Item]) -> None:
    document, threshold = (manifest := Bundle.load(bundle).manifest).document, manifest.threshold
    int8, fp32 = (probabilities(bundle, precision, validation) for precision in ("int8", "fp32"))
    labels = np.array([item.label for item in validation])
    row = document["parity"]["onnxruntime int8 against onnxruntime fp32"]
    assert row["slices"] == len(validation)
    assert row["agreement"] == np.mean((int8 >= threshold) == (fp32 >= threshold))
    assert document["parity"]["onnxruntime int8 against onnxruntime fp32"]["accuracy_difference"] == (
        pytest.approx(
            np.mean((int8 >= threshold) == labels) - np.mean((fp32 >= threshold) == labels), abs=1e-4
        )
    )


def test_an_unfaithful_engine_is_refused_with_its_reason(export: tuple[Path, Result]) -> None:
    bundle, done = export
    manifest = Bundle.load(bundle).manifest
    assert list(manifest.refused_backends) == ["openvino"]
    reason = manifest.refused_backends["openvino"]
    assert "openvino int8 against openvino fp32: a probability is off by " in reason
    assert f"WARNING: the bundle will not be for openvino: {reason}" in done.stderr
    written = {"fp32.onnx", "int8.onnx", "gate.npz", "MODEL_CARD.md", "golden.png", "golden-input.png"}
    assert set(manifest.files) == written
    assert {file.name for file in bundle.iterdir()} == {*written, "manifest.json"}


def test_the_bundle_is_used_with_the_other_engine_and_says_why(bundle: Path, validation: list[Item]) -> None:
    scans = [item.path for item in validation]
    answered = CliRunner().invoke(
        edgect, ["classify", "--model", str(bundle), "--backend", "onnxruntime", "--format", "jsonl", *scans]
    )
    assert answered.exit_code == 0, answered.output
    assert [json.loads(line)["status"] for line in answered.stdout.splitlines()] == ["ok"] * len(scans)
    refused = CliRunner().invoke(
        edgect, ["classify", "--model", str(bundle), "--backend", "openvino", *scans]
    )
    assert refused.exit_code == EngineError.exit_code
    assert "a probability is off by " in refused.stderr.splitlines()[-1]
    assert refused.stderr.splitlines()[-1].endswith("use backend onnxruntime")


def test_slices_of_patients_to_come_are_answered(bundle: Path, run: FinetuneRun) -> None:
    classifier = Classifier(bundle, "onnxruntime")
    answers = [classifier.predict(item.path) for item in run.read_source("ours", Path()).test]
    assert [answer.status for answer in answers] == ["ok"] * 16


def test_a_record_says_how_the_bundle_came_about(bundle: Path, run: FinetuneRun) -> None:
    record = json.loads(bundle.with_name("tuned.record.json").read_text())
    loaded = Bundle.load(bundle)
    assert (record["command"], record["seed"]) == ("deploy export", 0)
    assert record["arguments"]["--calibration-size"] == 16
    assert record["bundles"] == [{"name": "tuned", "digest": loaded.digest}]
    assert record["run"]["weights.pt"] == file_sha256(run.weights)
    table = record["tables"]["ours"]
    assert table["digest"] == run.record()["tables"]["ours"]["sha256"]
    assert len(table["files"]) == 64
    assert record["figures"]["parity"] == loaded.manifest.document["parity"]
    assert record["figures"]["refused_backends"] == loaded.manifest.document["refused_backends"]
    assert {"version", "commit"} == record["code"].keys()
    assert str(bundle.parent) not in json.dumps(record)
