"""Workers that end or stop, and files that end them. No row is lost, none is there twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL.PngImagePlugin import PngInfo

from tests.dask_processes import Processes, processes
from tests.edgect.batch.cluster.conftest import GATE, Run, answers
from tests.edgect.synthetic import body, encode

FILES, FREE = 64, 16  # in all; that no gate holds up

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


@dataclass(frozen=True)
class Many:
    """folder: of scans, of which workers read all but the first when `gate` is there."""

    folder: Path
    gate: Path

    @contextmanager
    def halfway(self, out: Path, cluster: Processes, workers: int) -> Iterator[subprocess.Popen[str]]:
        """A run that has rows, and so many workers that have begun with files and cannot go on."""
        options = ["--backend", "onnxruntime", "--format", "csv", "-o", str(out)]
        words = ["classify", str(self.folder), *options, "--scheduler", cluster.address]
        partial = out.with_name(out.name + ".partial")
        with subprocess.Popen(
            [sys.executable, "-m", "edgect", *words], stderr=subprocess.PIPE, text=True
        ) as run:
            try:
                while not (partial.exists() and partial.read_bytes().count(b"\n") > 1) or (
                    len(list(self.gate.parent.glob("at-gate-*"))) < workers
                ):
                    assert run.poll() is None
                    time.sleep(0.02)
                yield run
            finally:
                self.gate.touch()
                run.kill()


@pytest.fixture
def many(tmp_path: Path) -> Many:
    folder, gate = tmp_path / "many", tmp_path / "gate"
    folder.mkdir()
    named = PngInfo()
    named.add_text("gate", f"{gate}\n")
    for name, content in (
        ("000.png", encode(body(), "PNG")),
        (f"{FREE:03}.png", encode(body(), "PNG", pnginfo=named)),
    ):
        (folder / name).write_bytes(content)
    for number in range(FILES):
        if not (path := folder / f"{number:03}.png").exists():
            os.link(folder / ("000.png" if number < FREE else f"{FREE:03}.png"), path)
    return Many(folder, gate)


def test_a_worker_is_killed_and_another_stopped(run: Run, many: Many, tmp_path: Path) -> None:
    with processes(tmp_path / "cluster") as cluster, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DASK_EDGECT__PATIENCE", "500ms")
        for _ in range(3):
            cluster.worker(variables=GATE)
        cluster.wait(3)
        with many.halfway(run.out, cluster, workers=3) as started:
            cluster.kill(0)
            with cluster.stopped(1):
                many.gate.touch()
                _, stderr_text = started.communicate()
    assert started.returncode == 0, stderr_text
    assert "batches sent again" in stderr_text
    assert answers(run.rows(run.out)) == answers(run(many.folder, code=0))


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


@pytest.mark.long
def test_the_scheduler_is_killed_and_the_rows_stay(run: Run, many: Many, tmp_path: Path) -> None:
    with processes(tmp_path / "cluster") as cluster:
        cluster.worker(variables=GATE)
        with many.halfway(run.out, cluster, workers=1) as started:
            cluster.scheduler.kill()
            _, stderr_text = started.communicate()
    assert started.returncode == 3, stderr_text
    assert "the scheduler is gone" in stderr_text
    assert "Traceback" not in stderr_text
    kept = run.rows(run.partial)
    assert 0 < len(kept) <= FREE
    whole = run(many.folder, "--resume", code=0)
    assert len(whole) == FILES
    assert [row["milliseconds"] for row in whole[: len(kept)]] == [row["milliseconds"] for row in kept]


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.long)],
)
def test_signals_end_it_as_ever(
    cluster: Processes, run: Run, many: Many, number: signal.Signals, code: int
) -> None:
    with many.halfway(run.out, cluster, workers=1) as started:
        started.send_signal(number)
        _, stderr_text = started.communicate()
    assert started.returncode == code, stderr_text
    assert "go on with the same command and --resume" in stderr_text
    assert "Traceback" not in stderr_text
    there = ("--scheduler", cluster.address)
    assert answers(run(many.folder, *there, "--resume", code=0)) == answers(run(many.folder, *there, code=0))
