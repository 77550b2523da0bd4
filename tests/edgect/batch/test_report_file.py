"""`classify --report`: the file, what is kept of an interrupted run, and what it must not write over."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from tests.edgect.cli.test_exit_codes import one_line
from tests.edgect.conftest import Classify

ORT = ("--backend", "onnxruntime")


def test_every_row_is_on_the_page_with_its_pictures(
    classify: Classify, mixed: tuple[Path, dict[str, str]]
) -> None:
    folder, statuses = mixed
    out = folder.parent / "out.html"
    assert classify(folder, *ORT, "--report", out).exit_code == 1
    page = out.read_text()
    assert page.count("<tr data-kind=") == len(statuses)
    assert page.count("data:image/webp") == 2 * list(statuses.values()).count("ok")
    assert f"--report {out}" in page
    assert [name for name in os.listdir(folder.parent) if name.startswith("out")] == ["out.html"]


def test_a_page_in_the_folder_is_no_scan_of_the_next_run(classify: Classify, scans: Path) -> None:
    for _ in range(2):
        done = classify(scans, *ORT, "--report", scans / "out.html")
        assert "3 rows" in done.stderr


def test_a_resumed_run_has_every_picture(classify: Classify, scans: Path) -> None:
    out, rows = scans.parent / "out.html", scans.parent / "rows.csv"
    line = (scans, *ORT, "--format", "csv", "-o", rows, "--report", out)
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full")
    partial = out.with_name("out.html.partial")
    partial.symlink_to(full)  # a disk that fills up once the pictures were made
    assert "No space left" in one_line(classify(*line), 2)
    assert not out.exists()
    assert out.with_name("out.html.pictures").exists()
    partial.unlink()
    assert classify(*line, "--resume").exit_code == 0
    assert out.read_text().count("data:image/webp") == 6
    with rows.open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 3
    rows.rename(rows.with_name("rows.csv.partial"))  # rows kept, pictures gone: answered anew
    assert classify(*line, "--resume").exit_code == 0
    assert out.read_text().count("data:image/webp") == 6


def test_a_page_over_something_else_is_refused(classify: Classify, scan: Path) -> None:
    folder = scan.parent
    own = folder / "own.html"
    own.write_text("mine")
    assert "inputs" in one_line(classify(scan, own, *ORT, "--report", own), 2)
    assert "same file" in one_line(classify(scan, *ORT, "-o", own, "--report", own), 2)
    assert ".html" in one_line(classify(scan, *ORT, "--report", folder / "page.png"), 2)
    assert "folder" in one_line(classify(scan, *ORT, "--report", folder / "gone" / "page.html"), 2)
    assert own.read_text() == "mine"
    picture = folder / "in" / "scan.html"
    picture.parent.mkdir()
    picture.write_bytes(scan.read_bytes())
    assert "--report" in one_line(classify(folder / "in", *ORT, "--report", picture), 2)
    assert picture.read_bytes() == scan.read_bytes()
