"""Real signals to a real process, in the middle of its work."""

from __future__ import annotations

import csv
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

COUNT = 150


@pytest.fixture
def many(tmp_path: Path) -> Path:
    first = write_scan(tmp_path / "in" / "000.png", 0, 512, 512)
    for number in range(1, COUNT):
        os.link(first, first.with_name(f"{number:03}.png"))
    return tmp_path / "in"


def interrupt(
    many: Path, out: Path, number: signal.Signals, form: str = "csv", threads: int = 1
) -> tuple[int, str]:
    """Start a run, send a signal once some rows are there; returns exit code and stderr.

    Again, where this process was held up until the other was done.
    """
    options = ["--backend", "onnxruntime", "--threads", str(threads), "--format", form, "-o", str(out)]
    line = [sys.executable, "-m", "edgect", "classify", str(many), *options]
    partial = out.with_name(out.name + ".partial")
    # a shell's background jobs ignore Ctrl-C, and so would a child of tests that run in one
    heard = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    for _ in range(5):
        with subprocess.Popen(line, stderr=subprocess.PIPE, text=True, preexec_fn=heard) as process:
            while process.poll() is None:
                if partial.exists() and partial.read_bytes().count(b"\n") > 3:
                    process.send_signal(number)
                    break
                time.sleep(0.002)
            _, stderr_text = process.communicate()
        if process.returncode != 0:
            break
        out.unlink()
    return process.returncode, stderr_text


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def resume(classify: Classify, many: Path, out: Path) -> list[dict[str, str]]:
    done = classify(
        many, "--backend", "onnxruntime", "--threads", 1, "--format", "csv", "-o", out, "--resume"
    )
    assert done.exit_code == 0
    return rows(out)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_killed_run_leaves_no_half_file_and_goes_on(classify: Classify, many: Path, threads: int) -> None:
    out = many.parent / "out.csv"
    code, _ = interrupt(many, out, signal.SIGKILL, threads=threads)
    assert code == -signal.SIGKILL
    assert not out.exists()
    kept = rows(out.with_name("out.csv.partial"))
    assert 3 <= len(kept) < COUNT
    whole = resume(classify, many, out)
    assert [Path(row["path"]).name for row in whole] == [f"{number:03}.png" for number in range(COUNT)]
    assert len({row["probability"] for row in whole}) == 1
    assert whole[: len(kept) - 1] == kept[:-1]  # the last may have been cut
    assert not out.with_name("out.csv.partial").exists()


@pytest.mark.parametrize("threads", [1, 3])
def test_ctrl_c_is_130_in_plain_words_and_goes_on(classify: Classify, many: Path, threads: int) -> None:
    out = many.parent / "out.csv"
    code, stderr_text = interrupt(many, out, signal.SIGINT, threads=threads)
    assert code == 130
    assert "Traceback" not in stderr_text
    assert "--resume" in stderr_text
    assert "interrupted" in stderr_text
    assert not out.exists()
    kept = rows(out.with_name("out.csv.partial"))
    whole = resume(classify, many, out)
    assert len(whole) == COUNT
    assert whole[: len(kept)] == kept


def test_an_interrupted_table_is_not_told_to_resume(many: Path) -> None:
    code, stderr_text = interrupt(many, many.parent / "out.txt", signal.SIGINT, "table")
    assert code == 130
    assert "--resume" not in stderr_text
