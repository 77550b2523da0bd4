from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.dask_processes import Processes, processes
from tests.edgect.conftest import Classify
from tests.edgect.synthetic import body, encode, write_scan

pytest.importorskip("distributed", reason="needs Dask: pip install 'edgect[dask]'")

Rows = list[dict[str, Any]]
GATE = {"PYTHONPATH": str(Path(__file__).with_name("gate"))}  # of workers that wait for what a test does


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """A scheduler and two workers that nobody disturbs."""
    with processes(tmp_path_factory.mktemp("cluster")) as started:
        started.worker(variables=GATE)
        started.worker(threads=2, variables=GATE)
        yield started


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    """Good scans, odd names, several frames, an error, a rejection and a zip archive."""
    folder = tmp_path / "in"
    for seed, name in enumerate(("a.png", 'b\n"x",.png', "f\udcff.png", "s/h.png")):
        write_scan(folder / name, seed, 120, 150)
    rest = [Image.fromarray(body(seed, 120, 150)) for seed in (11, 12)]
    (folder / "c.tif").write_bytes(encode(body(10, 120, 150), "TIFF", save_all=True, append_images=rest))
    (folder / "e.png").write_bytes(b"garbage")
    (folder / "g.txt").write_bytes(b"a note")
    return folder


class Run:
    """`edgect classify` with ONNX Runtime and an output of its own; returns the rows."""

    def __init__(self, classify: Classify, folder: Path) -> None:
        self.out, self.partial = folder / "rows.csv", folder / "rows.csv.partial"
        self.stderr_text = ""
        self._classify = classify

    def __call__(self, *arguments: object, code: int = 1) -> Rows:
        options = ("--backend", "onnxruntime", "--format", "csv", "-o", self.out)
        done = self._classify(*arguments, *options)
        self.stderr_text = done.stderr
        assert done.exit_code == code, done.stderr
        return self.rows(self.out)

    @staticmethod
    def rows(path: Path) -> Rows:
        text = path.read_bytes().decode("utf-8", "surrogateescape")
        return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture
def run(classify: Classify, tmp_path: Path) -> Run:
    return Run(classify, tmp_path)


def answers(rows: Rows) -> Rows:
    """What must be the same wherever it was found."""
    return [
        {name: value for name, value in row.items() if name not in ("milliseconds", "threads")}
        for row in rows
    ]
