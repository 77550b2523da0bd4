"""`edgect benchmark` as a user calls it."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edgect.cli import main
from edgect.diagnostics.benchmark import measurement
from edgect.model.backends import BACKENDS
from edgect.model.bundles.bundle import Bundle
from tests.edgect.cli.test_exit_codes import message, one_line

QUICK = ("--backend", "onnxruntime", "--precision", "int8", "--threads", "1", "--seconds", "0")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """One start of a new process, and two more, where nothing is said of them."""
    monkeypatch.setattr(measurement, "STARTS", 1)


def benchmark(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["benchmark", *map(str, arguments)], catch_exceptions=False)


@pytest.mark.long
@pytest.mark.usefixtures("quick")
def test_without_scans_it_measures_on_invented_ones(bundle: Bundle) -> None:
    done = benchmark(*QUICK, "--format", "json")
    assert done.exit_code == 0
    assert done.stderr == ""
    report = json.loads(done.stdout)
    assert report["schema"] == 1
    assert "Research use only" in report["notice"]
    assert datetime.fromisoformat(report["date"]).utcoffset() is not None
    assert (report["model"], report["digest"]) == (bundle.name, bundle.digest)
    assert report["slices"]["source"] == "invented"
    assert report["slices"]["answered"] == report["slices"]["files"] > 0
    assert any("invented" in note for note in report["notes"])
    (figures,) = report["engines"]
    assert (figures["backend"], figures["precision"], figures["threads"]) == ("onnxruntime", "int8", 1)


@pytest.mark.usefixtures("quick")
def test_a_file_holds_what_stdout_would(scans: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    out.write_text("earlier")
    done = benchmark(scans, *QUICK, "-o", out)
    assert (done.exit_code, done.stdout) == (0, "")
    assert "3 in 3 files given" in out.read_text()
    assert "Research use only" in out.read_text()
    assert list(out.parent.glob("out.txt.*")) == []


def without(engines: Sequence[str], *arguments: object) -> subprocess.CompletedProcess[str]:
    """`edgect benchmark` where some engines cannot be imported; of new processes, one is started."""
    program = (
        "import sys; sys.modules.update(dict.fromkeys(sys.argv[1].split()))\n"
        "from edgect.diagnostics.benchmark import measurement; measurement.STARTS = 1\n"
        "from edgect.cli import main; main(sys.argv[2:])"
    )
    line = [sys.executable, "-c", program, " ".join(engines), "benchmark", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def test_an_engine_that_is_not_installed_has_its_row_and_the_rest_go_on(scan: Path) -> None:
    done = without(
        ["openvino"], scan, "--precision", "int8", "--threads", 1, "--seconds", 0, "--format", "json"
    )
    assert done.returncode == 0
    report = json.loads(done.stdout)
    assert [figures["backend"] for figures in report["engines"]] == ["onnxruntime"]
    (engine,) = report["unusable"]
    assert engine["backend"] == "openvino"
    assert re.search(r"pip install \S*openvino", engine["reason"])


def test_an_engine_that_is_asked_for_and_not_installed_is_3(scan: Path) -> None:
    done = without(["openvino"], scan, "--backend", "openvino")
    assert (done.returncode, done.stdout) == (3, "")
    assert len(done.stderr.splitlines()) == 1
    assert re.search(r"pip install \S*openvino", done.stderr)


def test_no_engine_at_all_is_3(scan: Path) -> None:
    done = without(BACKENDS, scan)
    assert (done.returncode, done.stdout) == (3, "")
    for backend in BACKENDS:
        assert re.search(rf"pip install \S*{backend}", done.stderr)


def test_a_missing_path_is_2(tmp_path: Path) -> None:
    assert "gone" in one_line(benchmark(tmp_path / "gone"), 2)


def test_scans_without_an_answer_are_2(tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"")
    assert "empty file" in one_line(benchmark(tmp_path, *QUICK), 2)


def test_an_unknown_model_is_3(scan: Path) -> None:
    assert "resnet" in one_line(benchmark(scan, "--model", "resnet"), 3)


@pytest.mark.parametrize(
    "options",
    [
        ("--backend", "tpu"),
        ("--precision", "int4"),
        ("--format", "csv"),
        ("--threads", "0"),
        ("--seconds", "-1"),
    ],
)
def test_a_wrong_option_is_2_and_named(options: tuple[str, str]) -> None:
    assert options[0].strip("-") in message(benchmark(*options), 2)


@pytest.mark.parametrize("given", ["scans", "scans/a.png"])
@pytest.mark.parametrize("spelling", ["scans/a.png", "scans/sub/../a.png", "link.txt"])
def test_an_output_over_a_scan_is_refused(
    scans: Path, monkeypatch: pytest.MonkeyPatch, given: str, spelling: str
) -> None:
    monkeypatch.chdir(scans.parent)
    Path("link.txt").symlink_to("scans/a.png")
    before = Path("scans/a.png").read_bytes()
    assert spelling in one_line(benchmark(given, "-o", spelling), 2)
    assert Path("scans/a.png").read_bytes() == before


def test_an_output_that_cannot_be_written_is_2(scan: Path, tmp_path: Path) -> None:
    assert "out.json" in one_line(benchmark(scan, "-o", tmp_path / "gone" / "out.json"), 2)
    os.mkfifo(tmp_path / "pipe")
    assert "pipe" in one_line(benchmark(scan, "-o", tmp_path / "pipe"), 2)


def test_a_terminal_is_told_what_is_measured(scan: Path) -> None:
    terminal, end = pty.openpty()
    program = (
        "import sys; from edgect.diagnostics.benchmark import measurement; measurement.STARTS = 1\n"
        "from edgect.cli import main; main(sys.argv[1:])"
    )
    line = [sys.executable, "-c", program, "benchmark", str(scan), *QUICK]
    done = subprocess.run(line, stdout=subprocess.PIPE, stderr=end, check=True)
    os.close(end)
    assert b"measuring: latencies" in os.read(terminal, 65536)
    assert b"measuring" not in done.stdout
    os.close(terminal)


def test_help_names_the_exit_codes() -> None:
    stderr_text = " ".join(benchmark("--help").stdout.split())
    for code in ("0 measured", "2 usage", "3 model", "130 interrupted"):
        assert code in stderr_text
