"""A new backend on the model files that there are is its own file and a line of the registry."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import edgect
from edgect.model.backends import BACKENDS, DEFAULT_BACKEND
from edgect.model.bundles.bundle import BUNDLED

SOURCE = Path(edgect.__file__).parent
BACKEND = '''"""ONNX Runtime by another name."""

from dataclasses import replace

from edgect.model.backends import onnxruntime

files = onnxruntime.files


def load(bundle, precision, threads, streams):
    session = onnxruntime.load(bundle, precision, threads, streams)
    session.engine = replace(session.engine, backend="dummy")
    return session
'''


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of edgect's code, in which two files are changed."""
    root = tmp_path_factory.mktemp("extended")
    copy = root / "edgect"
    bundles = {path.name for path in BUNDLED.iterdir() if (path / "manifest.json").is_file()}
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__", *bundles))
    for name in bundles:
        (copy / "model" / "bundles" / name).symlink_to(BUNDLED / name)
    (copy / "model" / "backends" / "dummy.py").write_text(BACKEND)
    registry = copy / "model" / "registry.py"
    line = '    "onnxruntime": "onnxruntime",\n'
    assert line in registry.read_text()
    registry.write_text(registry.read_text().replace(line, line + '    "dummy": "onnxruntime",\n'))
    return root


def run(root: Path, *arguments: object, path: str = "") -> str:
    line = [sys.executable, "-m", *map(str, arguments)]
    env = os.environ | {"PYTHONPATH": f"{root}{os.pathsep}{path}"}
    done = subprocess.run(line, cwd=root, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_classifies_as_its_engine_does(extended: Path, scan: Path) -> None:
    rows = [
        json.loads(run(extended, "edgect", "classify", scan, "--backend", backend, "--format", "jsonl"))
        for backend in ("dummy", "onnxruntime")
    ]
    assert [row["backend"] for row in rows] == ["dummy", "onnxruntime"]
    assert rows[0]["probability"] == rows[1]["probability"]


def test_the_self_test_holds_it_to_the_golden_answers(extended: Path, no_extras: str) -> None:
    findings = json.loads(run(extended, "edgect", "doctor", "--json", path=no_extras))["findings"]
    verdicts = {f["name"]: f["verdict"] for f in findings if f["part"] in ("engines", "self-test")}
    assert verdicts["lungs, dummy"] == "ok"
    assert any(name.startswith("dummy ") for name in verdicts)


def test_it_keeps_the_contract(extended: Path) -> None:
    assert (
        run(extended, "edgect.model.conformance.check", "dummy") == "dummy keeps the contract of a backend.\n"
    )


def test_every_backend_is_a_file_and_every_file_of_an_engine_a_backend() -> None:
    folder = SOURCE / "model" / "backends"
    files = {path.stem for path in folder.glob("*.py") if "\ndef load(bundle" in path.read_text()}
    assert files == set(BACKENDS)
    assert DEFAULT_BACKEND in files
