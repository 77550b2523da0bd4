"""A bundle that is not for one of the engines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from edgect import Classifier, EngineError
from edgect.cli import main
from edgect.model.bundles import seal
from edgect.model.bundles.bundle import Bundle
from edgect.model.bundles.derived import write_derived
from edgect.model.bundles.manifest import MANIFEST

REASON = "openvino int8 against openvino fp32: 94 of 118 labels agree"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`lungs` without OpenVINO's INT8 files."""
    folder = tmp_path_factory.mktemp("refused") / "tuned"
    changes = {"refused_backends": {"openvino": REASON}}
    write_derived(Bundle.load("lungs"), folder, name="tuned", document_changes=changes, head=None)
    manifest = json.loads((folder / MANIFEST).read_text())
    for name in ("int8.xml", "int8.bin"):
        (folder / name).unlink()
        del manifest["files"][name]
    (folder / MANIFEST).write_text(seal.text_of(seal.finished(manifest)))
    return folder


def test_the_engine_is_refused_with_the_reason_and_the_other_answers(bundle: Path, scan: Path) -> None:
    with pytest.raises(EngineError, match="94 of 118 labels agree; use backend onnxruntime"):
        Classifier(bundle, "openvino")
    assert Classifier(bundle, "onnxruntime").predict(scan).status == "ok"


@pytest.mark.long
def test_doctor_notes_it_and_does_not_fail(
    bundle: Path, no_extras: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", no_extras)
    done = CliRunner().invoke(main, ["doctor", "--model", str(bundle)])
    assert done.exit_code == 0, done.output
    assert "not for this engine" in " ".join(done.output.split())
