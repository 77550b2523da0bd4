"""From a run across sources to a bundle: crops of the lungs, a threshold, and every source by itself."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import openvino as ov
import pytest

from deploy.output_scaling import threshold
from deploy.verification.processors import NATIVE
from edgect import Classifier
from edgect.model.backends import BACKENDS, PRECISIONS
from edgect.model.bundles.bundle import Bundle
from edgect.model.bundles.manifest import Manifest
from tests.deploy.command import CAPPED, deploy
from tests.deploy.models import primitives, stored_in_ir, stored_in_onnx
from tests.deploy.multi_source_run import SIZE, THRESHOLD
from train.data.sources import read_source, released
from train.multi_source import crops
from train.multi_source.run import MultiSourceRun
from train.networks import predict
from train.run import write_json

pytestmark = pytest.mark.long

SEVERE = "test, mosmed, CT-0 against CT-2 to CT-4"
SHARE = {"share": 0.62, "interval": [0.5, 0.7], "area": 0.41, "slices": 18, "without_evidence": 0}
AUC = {"auc": 0.913, "interval": [0.85, 0.95]}
NO_AUC = {"auc": None, "interval": None}
ALTERED = ("as_is", "border_and_text_removed", "only_lungs", "lungs_blanked")
COUNTED = {"images": 18, "without_lungs": 1, "in_lungs": {"covid": SHARE}}
EVIDENCE = {
    "part": "test",
    "sources": {
        "covid-ct": {**COUNTED, "auc": dict.fromkeys(ALTERED, AUC)},
        "sirm": {**COUNTED, "auc": dict.fromkeys(ALTERED, NO_AUC)},
    },
}


@pytest.fixture
def manifest(lungs_bundle: Path) -> Manifest:
    return Bundle.load(lungs_bundle).manifest


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_every_model_answers_with_a_heat_map_of_the_slices_shape(
    lungs_bundle: Path, sources: Path, backend: str, precision: str
) -> None:
    classifier = Classifier(lungs_bundle, backend, precision)
    answer = classifier.predict(sources / "mosmed/CT-4/study_0050.webp", evidence=True)
    assert (answer.status, answer.label) == ("ok", "COVID-19")
    assert answer.evidence.shape == answer.pixels.shape == (72, 72)


def test_the_manifest_says_how_slices_are_seen_and_trained_on(
    manifest: Manifest, multi_source_training: MultiSourceRun
) -> None:
    assert manifest.input.shape == (1, *SIZE)
    assert manifest.input.steps == crops.preprocessing_steps(SIZE)
    training = manifest.document["training"]
    assert training["recipe"]["upsample_groups"] == 16
    assert training["split"] == multi_source_training.record()["split"]
    assert training["threshold"] == THRESHOLD
    for known in ("2003.13865", "2020.04.24.20078584", "2005.06465", "LUNA16", "MedSeg"):
        assert known in training["data"]
    for terms in ("non-commercial", "CC BY-NC-SA 4.0", "CC BY-NC-ND 3.0", "CC BY 3.0"):
        assert terms in manifest.document["licence"]


def test_labels_are_the_networks_own_at_the_runs_own_threshold(
    lungs_bundle: Path, multi_source_training: MultiSourceRun, sources: Path
) -> None:
    classifier = Classifier(lungs_bundle, "onnxruntime", "fp32", gate=False)
    assert classifier.bundle.manifest.temperature != 1
    items = read_source("mosmed", sources).val + read_source("sars-cov-2-ct", sources).val
    images = crops.Crops.read(items, sources, SIZE).images
    expected = predict.probabilities(predict.logits(multi_source_training.network(), images)) >= THRESHOLD
    assert set(expected) == {True, False}
    predicted = [classifier.predict(sources / item.path).label == "COVID-19" for item in items]
    assert predicted == list(expected)


def test_a_threshold_keeps_its_place_under_every_temperature() -> None:
    log_odds = np.array([-0.63, -0.61])  # 0.35 lies between them
    for temperature in (0.4, 1.0, 3.0):
        scaled = 1 / (1 + np.exp(-log_odds / temperature))
        assert list(scaled >= threshold(0.35, temperature)) == [False, True]
        assert threshold(0.5, temperature) == 0.5


def test_calibration_is_even_over_sources_and_classes_of_the_training_parts(
    manifest: Manifest, sources: Path
) -> None:
    labels = {item.path: item for name in released() for item in read_source(name, sources).train}
    drawn = [labels[path] for path in manifest.document["calibration"]["paths"]]
    assert len({item.path for item in drawn}) == 60
    counts = Counter((item.label, item.source) for item in drawn)
    assert counts == {
        (1, "covid-ct"): 8, (1, "sars-cov-2-ct"): 8, (1, "mosmed"): 7, (1, "sirm"): 7,
        (0, "covid-ct"): 9, (0, "sars-cov-2-ct"): 9, (0, "mosmed"): 6, (0, "luna-slices"): 6,
    }  # fmt: skip


def test_every_source_has_metrics_and_parity_of_its_own(manifest: Manifest) -> None:
    drawn = [name for name, weight in manifest.document["training"]["recipe"]["sources"].items() if weight]
    titles = {f"validation, {name}" for name in drawn} | {f"test, {name}" for name in released()} | {SEVERE}
    assert set(manifest.document["metrics"]) == set(manifest.document["parity_by_part"]) == titles
    assert set(manifest.document["metrics"]["test, sirm"]["openvino int8"]) == {"sensitivity"}
    assert set(manifest.document["metrics"]["test, luna-slices"]["openvino int8"]) == {"specificity"}
    every, severe = (
        sum(manifest.document["metrics"][title]["openvino fp32"]["confusion"].values())
        for title in ("test, mosmed", SEVERE)
    )
    assert (every, severe) == (10, 8)
    for table in manifest.document["parity_by_part"].values():
        assert "accuracy_difference" in table["openvino int8 against openvino fp32"]


def test_validation_and_test_parts_were_compared_by_processor(manifest: Manifest, sources: Path) -> None:
    drawn = [name for name, weight in manifest.document["training"]["recipe"]["sources"].items() if weight]
    counts = {
        "validation": sum(len(read_source(name, sources).val) for name in drawn),
        "test": sum(len(read_source(name, sources).test) for name in released()),
    }
    table = manifest.document["parity_by_processor"]
    assert {part: {row["slices"] for row in rows.values()} for part, rows in table.items()} == {
        part: {count} for part, count in counts.items()
    }
    for rows in table.values():
        assert set(rows) == {processor.name for processor in (*NATIVE, *CAPPED)}


def test_readings_of_the_test_parts_are_written_down(
    manifest: Manifest, multi_source_training: MultiSourceRun
) -> None:
    readings = multi_source_training.readings("test")
    tests = [title for title in manifest.document["metrics"] if title.startswith("test")]
    assert [reading["part"] for reading in readings] == tests
    for reading in readings:
        assert reading["threshold"] == manifest.threshold
        assert reading["metrics"] == manifest.document["metrics"][reading["part"]]


def test_the_grouped_convolution_is_of_integers_in_both_models(lungs_bundle: Path) -> None:
    nodes = onnx.load(lungs_bundle / "int8.onnx").graph.node
    grouped = [node.op_type for node in nodes for a in node.attribute if a.name == "group" and a.i == 16]
    assert grouped == ["QLinearConv"]
    compiled = ov.Core().compile_model(lungs_bundle / "int8.xml", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    (primitive,) = primitives(compiled, "Convolution", "GroupConvolution")
    assert primitive.endswith("_I8")
    for stored in (stored_in_onnx(lungs_bundle / "int8.onnx"), stored_in_ir(lungs_bundle / "int8.xml")):
        assert stored["int8"] > 650_000
        assert stored["float32"] + stored["int32"] < 16_000


def test_the_card_says_where_it_fails_and_what_it_is_not_for(lungs_bundle: Path, manifest: Manifest) -> None:
    card = (lungs_bundle / "MODEL_CARD.md").read_text()
    missed = 100 * (1 - manifest.document["metrics"]["test, sirm"]["openvino int8"]["sensitivity"]["value"])
    assert f"- On test, sirm, it misses {missed:.1f} % (" in card
    assert "## What it must not be used for\n- Not for diagnosis" in card
    assert "| mosmed | 30 | 10 | 10 |" in card
    assert "### test, mosmed, CT-0 against CT-2 to CT-4" in card
    assert "was not measured" in card
    assert "$" not in card


def test_evidence_found_later_is_a_table_of_sources(
    lungs_bundle: Path, multi_source_training: MultiSourceRun, sources: Path, tmp_path: Path
) -> None:
    bundle = Path(shutil.copytree(lungs_bundle, tmp_path / "lungs"))
    run = Path(shutil.copytree(multi_source_training.path, tmp_path / "run"))
    write_json(run / "across-evidence.json", EVIDENCE)
    done = deploy(run, sources, bundle, "--describe")
    assert done.returncode == 0, done.stderr
    before, after = (dict(Bundle.load(path).manifest.document) for path in (lungs_bundle, bundle))
    assert after.pop("evidence") == EVIDENCE
    refitted = {"files", "seal", "gate", "operating_points", "conformal", "calibration_error"}
    assert {k: v for k, v in after.items() if k not in refitted} == {
        k: v for k, v in before.items() if k not in refitted
    }
    assert after["gate"]["limits"] == before["gate"]["limits"]
    assert after["conformal"]["scores"] == before["conformal"]["scores"]
    assert set(before["conformal"]["measured"]) == {title for title in before["metrics"] if "test" in title}
    assert after["conformal"]["measured"] == {}  # what was read of test parts was of what is no more
    rows = (bundle / "MODEL_CARD.md").read_text()
    auc = "0.913 (0.850 to 0.950)"
    assert f"| covid-ct | 17 | 0.620 (0.500 to 0.700) | 0.410 | {auc} | {auc} | {auc} | {auc} |" in rows
    assert "| sirm | 17 | 0.620 (0.500 to 0.700) | 0.410 | - | - | - | - |" in rows


def test_a_run_without_a_threshold_says_how_to_get_one(
    multi_source_training: MultiSourceRun, sources: Path, tmp_path: Path
) -> None:
    run = MultiSourceRun(Path(shutil.copytree(multi_source_training.path, tmp_path / "run")))
    run.validation_file.unlink()
    done = deploy(run.path, sources, tmp_path / "out")
    assert done.returncode == 2
    assert "no threshold yet; python -m train multi-source validate " in done.stderr.splitlines()[-1]
    assert not (tmp_path / "out").exists()


def test_slices_other_than_the_trainings_are_refused(
    multi_source_training: MultiSourceRun, sources: Path, tmp_path: Path
) -> None:
    run = MultiSourceRun(Path(shutil.copytree(multi_source_training.path, tmp_path / "run")))
    record = json.loads((run.path / "recipe.json").read_text())
    record["split"]["mosmed"]["train"]["slices"] += 1
    write_json(run.path / "recipe.json", record)
    done = deploy(run.path, sources, tmp_path / "out")
    assert done.returncode == 2
    assert "its slices of mosmed are not those that" in done.stderr.splitlines()[-1]
