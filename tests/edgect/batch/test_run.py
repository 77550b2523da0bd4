"""`edgect.batch.run` as a Python program calls it."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import pytest

from edgect import batch
from edgect.errors import UsageError
from edgect.rows.formats import Row
from edgect.rows.prediction import COLUMNS
from edgect.scans import Limits
from tests.edgect.conftest import Classify

ORT = {"backend": "onnxruntime", "threads": 1}
OPTIONS = ("--backend", "onnxruntime", "--threads", 1)


def untimed(rows: list[Any]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name != "milliseconds"} for row in rows]


def read_csv(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as opened:
        return list(csv.DictReader(opened))


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_file_has_the_rows_of_the_command(
    classify: Classify, mixed: tuple[Path, dict[str, str]], tmp_path: Path, form: str
) -> None:
    folder, statuses = mixed
    classify(folder, *OPTIONS, "--format", form, "-o", tmp_path / "command")
    summary = batch.run([folder], tmp_path / "python", form=form, **ORT)
    if form == "csv":
        rows, expected = read_csv(tmp_path / "python"), read_csv(tmp_path / "command")
    else:
        rows, expected = (
            [json.loads(line) for line in (tmp_path / name).read_text().splitlines()]
            for name in ("python", "command")
        )
    assert untimed(rows) == untimed(expected)
    assert [row["status"] for row in rows] == list(statuses.values())
    assert summary.rows == len(statuses)
    assert summary.counts["error"] == list(statuses.values()).count("error")
    assert (summary.kept, summary.computed_by, summary.engine.backend) == (0, "1 threads", "onnxruntime")


def test_a_function_gets_each_row_and_a_stream_its_line(scans: Path, tmp_path: Path) -> None:
    rows: list[Row] = []
    stream = io.StringIO()
    summary = batch.run([scans], rows.append, **ORT)
    batch.run([scans], stream, form="jsonl", **ORT)
    batch.run([str(scans)], tmp_path / "rows.csv", **ORT)
    assert [tuple(row) for row in rows] == [COLUMNS] * 3
    assert untimed(rows) == untimed([json.loads(line) for line in stream.getvalue().splitlines()])
    assert [row["path"] for row in read_csv(tmp_path / "rows.csv")] == [row["path"] for row in rows]
    assert sum(summary.counts.values()) == summary.rows == 3


def test_heat_maps_series_and_report_are_those_of_the_command(
    classify: Classify, scans: Path, tmp_path: Path
) -> None:
    for name in ("command", "python"):
        (tmp_path / name).mkdir()
    by_command, by_python = tmp_path / "command", tmp_path / "python"
    classify(
        scans,
        *OPTIONS,
        "--cam",
        by_command / "maps",
        "--series",
        by_command / "s.csv",
        "--report",
        by_command / "r.html",
    )
    batch.run(
        [scans],
        heat_maps=by_python / "maps",
        series=by_python / "s.csv",
        report=by_python / "r.html",
        command="mine",
        **ORT,
    )
    maps = sorted(file.name for file in (by_command / "maps").iterdir())
    assert len(maps) == 3
    assert sorted(file.name for file in (by_python / "maps").iterdir()) == maps
    for name in maps:
        assert (by_command / "maps" / name).read_bytes() == (by_python / "maps" / name).read_bytes()
    assert (by_command / "s.csv").read_bytes() == (by_python / "s.csv").read_bytes()
    assert "<dd>mine</dd>" in (by_python / "r.html").read_text()
    assert sorted(file.name for file in by_python.iterdir()) == ["maps", "r.html", "s.csv"]


def test_an_interrupted_run_says_what_is_kept_and_goes_on(scans: Path, tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"

    def stop(done: int, files: int) -> None:
        assert files == 3
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as interruption:
        batch.run([scans], out, progress=stop, **ORT)
    assert interruption.value.__notes__ == ["2 rows are kept in rows.csv.partial"]
    assert not out.exists()
    kept = read_csv(tmp_path / "rows.csv.partial")
    messages: list[str] = []
    steps: list[tuple[int, int]] = []
    summary = batch.run(
        [scans],
        out,
        resume=True,
        notify=messages.append,
        progress=lambda done, files: steps.append((done, files)),
        **ORT,
    )
    assert (summary.kept, summary.rows) == (2, 3)
    assert read_csv(out)[:2] == kept  # with the times of the first run
    assert steps == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert len(messages) == 1
    assert "2 rows are kept where their files are unchanged" in messages[0]


def test_without_resume_an_interrupted_run_is_set_aside(scans: Path, tmp_path: Path) -> None:
    out, partial = tmp_path / "rows.csv", tmp_path / "rows.csv.partial"
    batch.run([scans], out, **ORT)
    earlier = out.read_bytes()
    out.rename(partial)
    messages: list[str] = []
    assert batch.run([scans], out, notify=messages.append, **ORT).kept == 0
    assert (tmp_path / "rows.csv.partial.1").read_bytes() == earlier
    assert "set aside" in messages[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"resume": True}, "--resume"),
        ({"form": "xml"}, "xml"),
        ({"workers": 2}, "--workers"),
        ({"report": "page.pdf"}, "html"),
    ],
)
def test_options_that_cannot_be_are_refused(scans: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        batch.run([scans], **ORT, **options)


def test_a_table_is_not_taken_up_again(scans: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="a table keeps too little"):
        batch.run([scans], tmp_path / "rows.txt", form="table", resume=True, **ORT)


def test_series_that_cannot_be_written_are_refused_before_the_first_file(scans: Path, tmp_path: Path) -> None:
    refused: dict[Path, str] = {
        tmp_path / "gone" / "s.csv": "cannot be written",
        scans: "not a regular file",
        scans / "a.png": "is one of the scans",
    }
    before = (scans / "a.png").read_bytes()
    for series, message in refused.items():
        rows: list[Row] = []
        with pytest.raises(UsageError, match=message):
            batch.run([scans], rows.append, series=series, **ORT)
        assert rows == []
    with pytest.raises(UsageError, match="same file"):
        batch.run([scans], tmp_path / "s.csv", series=tmp_path / "s.csv", **ORT)
    assert (scans / "a.png").read_bytes() == before


def test_a_series_file_among_the_scans_is_none_of_them(scans: Path) -> None:
    for _ in range(2):
        assert batch.run([scans], series=scans / "s.csv", **ORT).rows == 3


def test_the_limits_of_a_call_hold_with_and_without_earlier_rows(scans: Path, tmp_path: Path) -> None:
    out, small = tmp_path / "rows.csv", Limits(bytes=10)
    assert batch.run([scans], out, **ORT).counts["error"] == 0
    assert batch.run([scans], out, resume=True, **ORT).kept == 3
    summary = batch.run([scans], out, resume=True, limits=small, **ORT)
    assert (summary.counts, summary.kept) == ({"error": 3}, 0)


def test_a_refused_call_has_loaded_nothing_heavy_and_no_click(tmp_path: Path) -> None:
    program = (
        "import sys, edgect.batch\n"
        "try: edgect.batch.run(['missing'])\n"
        "except Exception as error: assert type(error).__name__ == 'UsageError', error\n"
        "else: raise AssertionError\n"
        "assert not {'click', 'cv2', 'openvino', 'onnxruntime', 'edgect.cli'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path)


def test_the_caller_keeps_the_threads_of_opencv(scans: Path) -> None:
    before = cv2.getNumThreads()
    try:
        cv2.setNumThreads(3)
        batch.run([scans], **ORT)
        assert cv2.getNumThreads() == 3
    finally:
        cv2.setNumThreads(before)
