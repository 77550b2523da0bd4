"""Each way to fail has its exit code and one clear line; never a traceback."""

from __future__ import annotations

import ctypes
import hashlib
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from edgect.cli import main
from edgect.model.backends import BACKENDS
from tests.edgect.conftest import Classify
from tests.edgect.synthetic import write_scan

ORT = ("--backend", "onnxruntime")


def message(done: Result, exit_code: int) -> str:
    """The error of a run that said nothing else."""
    assert done.exit_code == exit_code
    assert done.stdout == ""
    assert done.stderr.count("Error: ") == 1
    return done.stderr.strip().splitlines()[-1]


def one_line(done: Result, exit_code: int) -> str:
    stderr_text = message(done, exit_code)
    assert len(done.stderr.strip().splitlines()) == 1
    return stderr_text


def test_every_row_ok_is_0(classify: Classify, scans: Path) -> None:
    assert classify(scans, *ORT).exit_code == 0


def test_only_rejected_rows_are_0(classify: Classify, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("dear colleague")
    done = classify(tmp_path / "note.txt", *ORT)
    assert done.exit_code == 0
    assert "rejected" in done.stdout


def test_an_error_row_is_1(classify: Classify, scans: Path) -> None:
    (scans / "bad.png").write_bytes(b"")
    done = classify(scans, *ORT, "--format", "csv")
    assert done.exit_code == 1
    assert len(done.stdout.splitlines()) == 5


@pytest.mark.parametrize("form", ["table", "csv", "jsonl"])
def test_bad_input_gets_its_rows_and_the_rest_go_on(
    classify: Classify, mixed: tuple[Path, dict[str, str]], form: str
) -> None:
    folder, statuses = mixed
    done = classify(folder, "--format", form)
    assert done.exit_code == 1
    lines = done.stdout.splitlines()[form != "jsonl" :]
    assert len(lines) == len(statuses)
    for line, (name, status) in zip(lines, statuses.items(), strict=True):
        assert name in line
        assert status in line


def test_a_missing_path_is_2(classify: Classify, scan: Path) -> None:
    assert "missing.png" in one_line(classify(scan, scan.parent / "missing.png"), 2)


def test_a_folder_without_images_is_2(classify: Classify, tmp_path: Path) -> None:
    assert str(tmp_path) in one_line(classify(tmp_path), 2)


@pytest.mark.parametrize(
    "options",
    [
        ("--backend", "tpu"),
        ("--precision", "int4"),
        ("--format", "xml"),
        ("--threads", "0"),
        ("--threshold", "1.5"),
        ("--threshold", "nan"),
        ("--threshold", "half"),
        ("--fast",),
    ],
)
def test_a_wrong_option_is_2_and_named(classify: Classify, scan: Path, options: tuple[str, ...]) -> None:
    assert options[0].strip("-") in message(classify(scan, *options), 2)


def test_no_path_at_all_is_2(classify: Classify) -> None:
    assert "PATH" in message(classify(), 2)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_damaged_bundle_is_3_and_names_the_file(
    classify: Classify, scan: Path, bundle_copy: Path, backend: str
) -> None:
    with (bundle_copy / "MODEL_CARD.md").open("ab") as file:
        file.write(b" ")
    done = classify(scan, "--backend", backend, "--model", bundle_copy)
    assert "MODEL_CARD.md" in one_line(done, 3)


def test_an_unknown_model_is_3(classify: Classify, scan: Path) -> None:
    assert "resnet" in one_line(classify(scan, "--model", "resnet"), 3)


@pytest.mark.parametrize(("backend", "file"), [("openvino", "int8.xml"), ("onnxruntime", "int8.onnx")])
def test_a_model_that_the_engine_cannot_load_is_3_in_one_line(
    classify: Classify,
    scan: Path,
    edit_manifest: Callable[[Callable[[dict[str, Any]], object]], Path],
    backend: str,
    file: str,
) -> None:
    digest = hashlib.sha256(b"no model").hexdigest()
    folder = edit_manifest(lambda manifest: manifest["files"].update({file: digest}))
    (folder / file).write_bytes(b"no model")
    assert "cannot load" in one_line(classify(scan, "--backend", backend, "--model", folder), 3)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_missing_engine_is_3_and_named(scan: Path, backend: str) -> None:
    program = "import sys; sys.modules[sys.argv[2]] = None; from edgect.cli import main; main(sys.argv[3:])"
    line = [sys.executable, "-c", program, "-", backend, "classify", str(scan), "--backend", backend]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (3, "")
    assert len(done.stderr.splitlines()) == 1
    assert re.search(rf"pip install \S*{backend}", done.stderr)


def _without_root_powers() -> None:
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH: root reads everything by them
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


@pytest.mark.skipif(sys.platform != "linux", reason="drops Linux capabilities")
def test_what_may_not_be_read_gets_its_row(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write_scan(folder / "a.png")
    write_scan(folder / "b.png").chmod(0)
    write_scan(folder / "c" / "d.png").parent.chmod(0)
    line = [sys.executable, "-m", "edgect", "classify", str(folder), *ORT, "--format", "csv"]
    done = subprocess.run(line, capture_output=True, text=True, check=False, preexec_fn=_without_root_powers)
    (folder / "c").chmod(0o755)
    if done.returncode == 0:
        pytest.skip("this user reads everything")
    rows = [line.split(",")[:2] for line in done.stdout.splitlines()[1:]]
    assert rows == [
        [str(folder / "a.png"), "ok"],
        [str(folder / "b.png"), "error"],
        [str(folder / "c"), "error"],
    ]
    assert done.stdout.count("Permission denied") == 2
    assert done.returncode == 1


@pytest.mark.parametrize("command", ["classify", "evaluate", "benchmark", "serve", "listen"])
def test_two_models_where_one_is_meant_are_2(command: str, scan: Path) -> None:
    paths = [str(scan.parent)] if command in ("classify", "evaluate", "benchmark") else []
    done = CliRunner().invoke(main, [command, *paths, "--model", "lungs", "--model", "cnn1"])
    assert "--model is given 2 times" in one_line(done, 2)
    assert "`edgect compare`" in done.stderr
