from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import others_files
from tests.edgect.synthetic import body, encode, write_scan
from tests.others_files import Run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two packages: one with a scan and a text, the other with an archive of scans and of what is hidden."""
    folder = tmp_path_factory.mktemp("packages")
    write_scan(folder / "first-1.0" / "scan.png")
    (folder / "first-1.0" / "LICENSE").write_text("Do as you like.")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        for name in ("in/", "in/scan.png", "./scan.png", "in/.hidden.png", "__MACOSX/scan.png"):
            opened.writestr(name, encode(body(1), "PNG") if name.endswith(".png") else b"")
    (folder / "second-2.0").mkdir()
    (folder / "second-2.0" / "scans.zip").write_bytes(archive.getvalue())
    return folder


@pytest.fixture(scope="module")
def files(folder: Path) -> list[str]:
    return list(others_files.inputs(folder))


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    return others_files.classify(folder)


def test_packages_without_a_fault(folder: Path, files: list[str], run: Run) -> None:
    assert len(files) == len(run.rows) == 4
    assert others_files.faults(run, run, files) == []
    page = others_files.page(folder, run, files, [])
    assert "| first-1.0 | 2 | 1 | 1 | 0 |" in page
    assert "| second-2.0 | 2 | 2 | 0 | 0 |" in page
    assert "| all | 4 | 3 | 1 | 0 |" in page
    assert "- `second-2.0/scans.zip/in/scan.png`: " in page
    assert "| rejected | 1 | not an image" in page
    assert str(folder) not in page  # no path of the machine it was made on


def changed(run: Run, **values: Any) -> Run:
    """The run with another first row."""
    return replace(run, rows=[run.rows[0] | values, *run.rows[1:]])


@pytest.mark.parametrize(
    ("spoilt", "fault"),
    [
        (lambda run: replace(run, rows=run.rows[1:]), "no row: "),
        (lambda run: replace(run, stderr=[*run.stderr, "Unsupported marker type 0xf7"]), "on stderr: Unsup"),
        (lambda run: changed(run, status="error", reason=""), "a reason that says nothing"),
        (
            lambda run: changed(run, status="error", reason="damaged (ValueError)"),
            "a reason that says nothing",
        ),
        (lambda run: changed(run, status="error", reason="no <BytesIO at 0x7f09bf6c>"), "a reason that says"),
    ],
)
def test_each_fault_is_told(run: Run, files: list[str], spoilt: Callable[[Run], Run], fault: str) -> None:
    bad = spoilt(run)
    assert [line.startswith(fault) for line in others_files.faults(bad, bad, files)] == [True]


def test_a_row_that_differs_the_second_time_is_a_fault_unless_it_is_the_time(
    run: Run, files: list[str]
) -> None:
    assert others_files.faults(run, changed(run, milliseconds=1e9), files) == []
    first = run.rows[0]["path"]
    for again in (changed(run, probability=0.5), replace(run, rows=run.rows[1:])):
        assert f"another row the second time: {first}" in others_files.faults(run, again, files)
