from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np

from deploy import trained_runs
from deploy.calibration_set import CalibrationSet
from deploy.description import manifest
from deploy.description.model_card import card
from deploy.int8 import distil
from edgect.model.bundles.bundle import Bundle
from tests.deploy.command import deploy
from tests.few_slices import few_slices
from train.paper.fit import fit
from train.run import Run, TrainingSettings, write_json

SMALL = TrainingSettings(image_size=67, epochs=1, more_epochs=0, augmentation="none", threads=1)
ONE = {"auc": 0.9, "interval": [0.8, 0.95]}
EVIDENCE = {
    "in_lungs": {"covid": {"share": 0.31, "interval": [0.27, 0.35], "area": 0.402}},
    "auc": dict.fromkeys(("as_is", "border_and_text_removed", "only_lungs"), ONE)
    | {"lungs_blanked": {"auc": 0.77, "interval": [0.6, 0.85]}},
}


def described(run: Run) -> dict:
    empty = CalibrationSet(np.zeros((0, 67, 67), np.uint8), [])
    return json.loads(
        json.dumps(
            manifest.describe("tiny", trained_runs.load(run.path), empty, distil.DistillationSettings())
        )
    )


def card_of(run: Run) -> str:
    description = described(run)
    return card(description, trained_runs.load(run.path).passages(description))


def test_the_card_says_what_the_network_looks_at(run: Run, tmp_path: Path) -> None:
    assert "was not measured" in card_of(run)
    copy = Run(tmp_path)
    for file in run.path.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    write_json(tmp_path / "evidence.json", EVIDENCE)
    text = " ".join(card_of(copy).split())
    assert "0.310 (0.270 to 0.350) lies in the lungs, which take 0.402 of the picture" in text
    assert "0.770 (0.600 to 0.850) with the lungs blanked out" in text


def test_arrangement_2_brings_sirms_name_and_terms(run: Run, covid_ct: Path, tmp_path: Path) -> None:
    second = Run(tmp_path / "second")
    with few_slices():
        fit(TrainingSettings(**{**vars(SMALL), "arrangement": 2}), covid_ct, second)
    first, of_arrangement_2 = described(run), described(second)
    assert "SIRM" in of_arrangement_2["training"]["data"]
    assert "non-commercial" in of_arrangement_2["licence"]
    assert "SIRM" not in first["training"]["data"] + first["licence"]
    assert of_arrangement_2["training"]["counts"] == {"train": 68, "val": 50, "test": 52}


def test_another_architecture_makes_no_bundle(covid_ct: Path, tmp_path: Path) -> None:
    other = Run(tmp_path / "run")
    with few_slices():
        fit(TrainingSettings(**{**vars(SMALL), "architecture": "squeezenet"}), covid_ct, other)
    done = deploy(other.path, covid_ct, tmp_path / "b")
    assert done.returncode == 2
    assert done.stderr.endswith("holds squeezenet; bundles are made of the proposed CNN\n")
    assert not (tmp_path / "b").exists()


def test_evidence_found_later_is_brought_into_the_bundle(
    bundle_and_output, run: Run, covid_ct: Path, tmp_path: Path
) -> None:
    bundle = tmp_path / "tiny"
    shutil.copytree(bundle_and_output[0], bundle)
    copy = Run(tmp_path / "run")
    shutil.copytree(run.path, copy.path)
    write_json(copy.path / "evidence.json", EVIDENCE)
    assert deploy(copy.path, covid_ct, bundle, "--describe").returncode == 0
    before, after = Bundle.load(bundle_and_output[0]).manifest, Bundle.load(bundle).manifest
    assert after.document["evidence"] == EVIDENCE
    changed = {name for name in after.files if after.files[name] != before.files[name]}
    assert changed == {"MODEL_CARD.md"}
    assert after.golden.answers == before.golden.answers
    (copy.path / "weights.pt").write_bytes(b"another run's")
    done = deploy(copy.path, covid_ct, bundle, "--describe")
    assert done.returncode == 2
    assert "was not made of" in done.stderr
