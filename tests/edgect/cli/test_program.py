"""`python -m edgect` as a process of its own."""

from __future__ import annotations

import csv
import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from edgect import __version__
from edgect.cli import main
from tests.edgect.synthetic import write_scan

ORT = ("--backend", "onnxruntime")


def csv_rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def run_module(*arguments: object, **options: object) -> subprocess.CompletedProcess[bytes]:
    line = [sys.executable, "-m", "edgect", *map(str, arguments)]
    return subprocess.run(line, stderr=subprocess.PIPE, check=False, **options)  # type: ignore[call-overload, no-any-return]


def test_the_module_runs_as_a_program(mixed: tuple[Path, dict[str, str]]) -> None:
    folder, statuses = mixed
    done = run_module("classify", folder, "--format", "csv", stdout=subprocess.PIPE)
    assert done.returncode == 1
    rows = csv_rows(done.stdout.decode())
    assert {Path(row["path"]).name: row["status"] for row in rows} == statuses
    assert b"Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 2  # summary and notice; no progress where there is no terminal


def test_a_reader_that_stops_early_is_no_traceback(scans: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = run_module("classify", scans, *ORT, "--format", "csv", stdout=writing)
    os.close(writing)
    assert done.returncode != 0
    assert b"Traceback" not in done.stderr
    assert b"Exception" not in done.stderr


def test_names_that_the_terminal_cannot_show_are_no_traceback(tmp_path: Path) -> None:
    write_scan(tmp_path / "in" / "über.png")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = run_module("classify", tmp_path / "in", *ORT, env=environment, stdout=subprocess.PIPE)
    assert b"Traceback" not in done.stderr
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 2


def test_progress_shows_on_a_terminal_only(scans: Path) -> None:
    terminal, end = pty.openpty()
    line = [sys.executable, "-m", "edgect", "classify", str(scans), *ORT]
    done = subprocess.run(line, stdout=subprocess.PIPE, stderr=end, check=True)
    os.close(end)
    assert b"classifying" in os.read(terminal, 65536)
    assert b"classifying" not in done.stdout
    os.close(terminal)


def test_the_version_is_the_packages() -> None:
    assert __version__ in CliRunner().invoke(main, ["--version"]).stdout


def test_help_names_the_exit_codes() -> None:
    done = CliRunner().invoke(main, ["classify", "--help"])
    assert done.exit_code == 0
    for stderr_text in ("0 every row", "1 some row", "2 usage", "3 model", "130 interrupted"):
        assert stderr_text in " ".join(done.stdout.split())


@pytest.mark.parametrize("arguments", [["classfy"], ["--fast"]])
def test_an_unknown_command_is_2(arguments: list[str]) -> None:
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 2
    assert arguments[0] in done.stderr
