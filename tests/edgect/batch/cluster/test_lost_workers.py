"""Workers that end or stop, and files that end them. No row is lost, none is there twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.dask_processes import Processes, processes
from tests.edgect.batch.cluster.conftest import Run, answers
from tests.edgect.synthetic import write_scan

FILES = 900  # enough that a fast machine is not done before a worker is killed
# A decoder that crashes, as those of C do: the process ends at a file of this content.
CRASH = """
import os
import edgect.scans as scans
read = scans.read_frames
def crash(content, *rest):
    if content == b"poison":
        os.kill(os.getpid(), 9)
    return read(content, *rest)
scans.read_frames = crash
"""


@pytest.fixture
def many(tmp_path: Path) -> Path:
    folder = tmp_path / "many"
    first = write_scan(folder / "000.png")
    for number in range(1, FILES):
        os.link(first, folder / f"{number:03}.png")
    return folder


def start(many: Path, out: Path, cluster: Processes) -> subprocess.Popen[str]:
    options = ["--backend", "onnxruntime", "--format", "csv", "-o", str(out), "--scheduler", cluster.address]
    line = [sys.executable, "-m", "edgect", "classify", str(many), *options]
    run = subprocess.Popen(line, stderr=subprocess.PIPE, text=True)
    partial = out.with_name(out.name + ".partial")
    while run.poll() is None and not (partial.exists() and partial.read_bytes().count(b"\n") > 10):
        time.sleep(0.01)
    return run


def test_a_worker_is_killed_and_another_stopped(run: Run, many: Path, tmp_path: Path) -> None:
    with processes(tmp_path / "cluster") as cluster, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DASK_EDGECT__PATIENCE", "500ms")
        for _ in range(3):
            cluster.worker()
        cluster.wait(3)
        started = start(many, run.out, cluster)
        cluster.kill(0)
        with cluster.stopped(1):
            _, stderr_text = started.communicate()
    assert started.returncode == 0, stderr_text
    assert "batches sent again" in stderr_text
    assert answers(run.rows(run.out)) == answers(run(many, code=0))


def test_a_file_that_ends_its_worker_gets_a_row(run: Run, batch: Path, tmp_path: Path) -> None:
    (batch / "d.png").write_bytes(b"poison")
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(CRASH)
    with processes(tmp_path / "cluster") as cluster:
        for _ in range(2):
            cluster.worker(nanny=True, variables={"PYTHONPATH": str(site)})
        result = run(batch, "--scheduler", cluster.address)
    (poison,) = (row for row in result if row["path"].endswith("d.png"))
    assert poison["status"] == "error"
    assert "given up after 4 workers" in poison["reason"]
    plain = run(batch)
    assert [row["path"] for row in result] == [row["path"] for row in plain]
    assert [row for row in answers(result) if "d.png" not in row["path"]] == [
        row for row in answers(plain) if "d.png" not in row["path"]
    ]


def test_the_scheduler_is_killed_and_the_rows_stay(run: Run, many: Path, tmp_path: Path) -> None:
    with processes(tmp_path / "cluster") as cluster:
        cluster.worker()
        started = start(many, run.out, cluster)
        cluster.scheduler.kill()
        _, stderr_text = started.communicate()
    assert started.returncode == 3, stderr_text
    assert "the scheduler is gone" in stderr_text
    assert "Traceback" not in stderr_text
    kept = run.rows(run.partial)
    assert len(kept) > 5
    whole = run(many, "--resume", code=0)
    assert len(whole) == FILES
    assert [row["milliseconds"] for row in whole[: len(kept)]] == [row["milliseconds"] for row in kept]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_end_it_as_ever(
    cluster: Processes, run: Run, many: Path, number: signal.Signals, code: int
) -> None:
    started = start(many, run.out, cluster)
    started.send_signal(number)
    _, stderr_text = started.communicate()
    assert started.returncode == code, stderr_text
    assert "go on with the same command and --resume" in stderr_text
    assert "Traceback" not in stderr_text
    there = ("--scheduler", cluster.address)
    assert answers(run(many, *there, "--resume", code=0)) == answers(run(many, *there, code=0))
