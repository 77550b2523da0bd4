"""Signals to a program whose engine does not come back."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.edgect.conftest import Classify
from tests.edgect.synthetic import write_scan

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="of glibc's signals and locks")
ORT = ("--backend", "onnxruntime")
STUCK = Path(__file__).parents[1] / "stuck"
SCANS = Path(__file__).parents[3] / "examples" / "scans"
SECONDS = 240  # a safety net, for what would never end


def end(where: str, number: signal.Signals, *arguments: object, times: int = 1) -> tuple[int, str]:
    """Start edgect, send a signal once it is stuck; returns the exit code that a shell shows, and stderr."""
    line = [sys.executable, "-m", "edgect", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(STUCK), "STUCK": where}
    if times == 1:  # a second signal is to end it long before the patience with the first one ends
        environment["STUCK_PATIENCE"] = "0.5"
    heard = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(
        line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, preexec_fn=heard
    ) as process:
        assert process.stderr is not None
        stderr_text = ""
        while "stuck\n" not in stderr_text:
            stderr_text += (news := process.stderr.readline())
            assert news, stderr_text
        time.sleep(0.3)  # it says so just before it is
        for _ in range(times):
            process.send_signal(number)
            while _is_pending(process.pid, number):  # else another of its kind would be one with it
                time.sleep(0.01)
        try:
            stderr_text += process.communicate(timeout=SECONDS)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    code = process.returncode
    return code if code >= 0 else 128 - code, stderr_text


def _is_pending(process: int, number: signal.Signals) -> bool:
    """Whether a signal waits for a process, unless that has ended."""
    lines = (line.split() for line in Path(f"/proc/{process}/status").read_text().splitlines())
    status = {words[0]: words[1] for words in lines if len(words) > 1}
    return status["State:"] != "Z" and bool(int(status["ShdPnd:"], 16) >> (number - 1) & 1)


@pytest.mark.parametrize(
    ("where", "number", "code"),
    [
        ("load", signal.SIGINT, 130),
        ("load locked", signal.SIGTERM, 143),
        ("infer", signal.SIGTERM, 143),
        ("infer locked", signal.SIGINT, 130),
    ],
)
def test_a_signal_ends_a_program_that_is_stuck(where: str, number: signal.Signals, code: int) -> None:
    result, stderr_text = end(where, number, "classify", SCANS, *ORT, "--threads", 1)
    assert result == code
    assert "Traceback" not in stderr_text
    if "locked" not in where:  # else nothing of Python runs any more
        assert stderr_text.count("Error: ") == 1
        assert {130: "interrupted", 143: "terminated"}[code] in stderr_text


@pytest.mark.parametrize("where", ["infer", "infer locked"])
def test_a_second_signal_ends_it_at_once(where: str) -> None:
    result, stderr_text = end(where, signal.SIGINT, "classify", SCANS, *ORT, "--threads", 2, times=2)
    assert result == 130
    assert "did not end in time" not in stderr_text


@pytest.mark.parametrize("where", ["infer", "infer locked"])
def test_what_was_written_can_be_taken_up_again(classify: Classify, tmp_path: Path, where: str) -> None:
    out = tmp_path / "out.csv"
    line = ("classify", SCANS, *ORT, "--threads", 1, "--format", "csv", "-o", out)
    assert end(where, signal.SIGTERM, *line)[0] == 143
    kept = out.with_name("out.csv.partial").read_text().splitlines()
    assert len(kept) == 3
    done = classify(*line[1:], "--resume")
    assert done.exit_code == 0
    assert "2 of them from before" in done.stderr
    assert out.read_text().splitlines()[:3] == kept


@pytest.mark.parametrize("command", ["evaluate", "compare", "benchmark", "listen", "serve"])
def test_every_command_ends(tmp_path: Path, command: str) -> None:
    for number, name in enumerate(("COVID-19", "not COVID-19")):
        write_scan(tmp_path / "labelled" / name / "a.png", number)
    arguments = {
        "evaluate": (tmp_path / "labelled",),
        "compare": (tmp_path / "labelled", "--model", "lungs", "--model", "cnn2"),
        "benchmark": (tmp_path / "labelled",),
        "listen": ("--spool", tmp_path / "spool", "-o", tmp_path / "reports", "--port", 0),
        "serve": ("--port", 0),
    }
    assert end("load locked", signal.SIGTERM, command, *arguments[command], *ORT)[0] == 143


@pytest.mark.long
def test_a_benchmark_leaves_no_process_that_is_stuck(tmp_path: Path) -> None:
    """It starts `edgect classify`, and is told alone to end."""
    write_scan(tmp_path / "in" / "a.png")
    file = tmp_path / "stuck"
    options = (*ORT, "--precision", "int8", "--seconds", "0")
    line = [sys.executable, "-m", "edgect", "benchmark", str(tmp_path / "in"), *options]
    variables = {
        "PYTHONPATH": str(STUCK),
        "STUCK": "load",
        "STUCK_COMMAND": "classify",
        "STUCK_FILE": str(file),
    }
    with subprocess.Popen(line, stderr=subprocess.PIPE, env={**os.environ, **variables}) as process:
        while not file.exists() or not (number := file.read_text()):
            assert process.poll() is None
            time.sleep(0.05)
        process.terminate()
        process.communicate(timeout=SECONDS)
    assert process.returncode == 143
    for _ in range(100):  # until the system has cleared it away
        if not Path("/proc", number).exists():
            break
        time.sleep(0.05)
    assert not Path("/proc", number).exists()


def test_nothing_is_left_running(tmp_path: Path) -> None:
    """The process that watches ends with the one that it watches, and holds no file of it open."""
    write_scan(tmp_path / "a.png")
    line = [sys.executable, "-m", "edgect", "classify", str(tmp_path), *ORT]
    reading, writing = os.pipe()
    done = subprocess.run(line, capture_output=True, pass_fds=[writing], timeout=SECONDS)
    os.close(writing)
    assert done.returncode == 0
    assert os.read(reading, 1) == b""
    os.close(reading)
