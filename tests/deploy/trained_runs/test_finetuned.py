"""From a fine-tuning to a bundle, with one engine whose INT8 is unfaithful: OpenVINO's first layer is another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import edgect.cli
from benchmarks.spoil import spoil_models
from deploy.__main__ import main
from deploy.int8 import files
from deploy.verification import engine_parity
from edgect import Classifier, EngineError
from edgect.model.backends import PRECISIONS
from edgect.model.bundles.bundle import Bundle
from edgect.model.bundles.manifest import MANIFEST
from tests import hospital_folder
from tests.deploy import finetuned_run, multi_source_run
from train.finetune.run import FinetuneRun

TITLE = "validation, ours"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> FinetuneRun:
    hospital = hospital_folder.write(tmp_path_factory.mktemp("hospital"), slices=4)
    return finetuned_run.write(tmp_path_factory.mktemp("runs") / "tuned", hospital / "ours.csv")


@pytest.fixture(scope="module")
def export(run: FinetuneRun, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    out = tmp_path_factory.mktemp("bundles") / "tuned"
    write = files.write

    def write_spoilt(network: Any, bundle: Path, *arguments: Any) -> None:
        write(network, bundle, *arguments)
        faithful = (bundle / "int8.onnx").read_bytes()
        spoil_models(bundle, answers=True)
        (bundle / "int8.onnx").write_bytes(faithful)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "")  # no emulator
        patch.setattr(engine_parity, "CAPPED", multi_source_run.CAPPED)
        patch.setattr(files, "write", write_spoilt)
        what = [run.path, "--out", out, "--calibration-size", "16", "--steps", "3"]
        done = CliRunner().invoke(main, ["export", *map(str, what)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return out, done


@pytest.fixture
def bundle(export: tuple[Path, Result]) -> Path:
    return export[0]


def probabilities(bundle: Path, run: FinetuneRun, backend: str, precision: str) -> np.ndarray:
    classifier = Classifier(bundle, backend, precision, gate=False)
    items = run.read_source("ours", Path()).val
    return np.array([classifier.predict(item.path).probability for item in items])


@pytest.mark.parametrize("precision", PRECISIONS)
def test_validation_is_counted_at_the_scaled_threshold(
    bundle: Path, run: FinetuneRun, precision: str
) -> None:
    manifest = Bundle.load(bundle).manifest
    assert manifest.temperature != 1
    assert run.threshold() not in (0.5, manifest.threshold)
    values = probabilities(bundle, run, "onnxruntime", precision)
    labels = np.array([item.label for item in run.read_source("ours", Path()).val])

    def confusion(threshold: float) -> dict[str, int]:
        positive = values >= threshold
        return {
            "tp": int((positive & (labels == 1)).sum()),
            "fn": int((~positive & (labels == 1)).sum()),
            "tn": int((~positive & (labels == 0)).sum()),
            "fp": int((positive & (labels == 0)).sum()),
        }

    print(values, labels, manifest.threshold, manifest.temperature)
    assert manifest.document["metrics"][TITLE][f"onnxruntime {precision}"]["confusion"] == confusion(
        manifest.threshold
    )
    assert confusion(manifest.threshold) != confusion(run.threshold())
