from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edgect.batch.output import FileRows, open_rows
from edgect.rows.columns import COLUMNS
from edgect.rows.formats import FORMATS, Lines
from edgect.rows.prediction import Prediction
from tests.edgect.conftest import Classify
from tests.edgect.synthetic import write_scan

ANSWER = Prediction(
    path="scan.png",
    status="ok",
    label="COVID-19",
    probability=0.123456789,
    reason="",
    frame=None,
    region="slice",
    model="cnn1",
    bundle="0" * 12,
    backend="openvino",
    engine="1.2",
    precision="int8",
    threads=2,
    threshold=0.5,
    milliseconds=1.5,
    sha256="0" * 64,
)
NAMES = st.binary(min_size=1, max_size=40).filter(lambda name: not {0, 47} & set(name)).map(os.fsdecode)
ODD = [
    "a\nb.png",
    "a\rb.png",
    'q"uo,te.png',
    "\udcff\udcfe.png",
    " lead.png",
    "=1+1.png",
    "\u2028.png",
    "\x1b[2J.png",
]


@contextmanager
def fresh_file(form: str, file: Path, paths: list[str]) -> Iterator[FileRows]:
    with open_rows(Lines.of(form, paths), file) as rows:
        assert isinstance(rows, FileRows)
        rows.begin(b"")
        yield rows


def written(form: str, paths: list[str], reason: str = "") -> str:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "out"
        with fresh_file(form, file, paths) as rows:
            for path in paths:
                rows.write({**ANSWER.row(), "path": path, "reason": reason})
        return file.read_bytes().decode("utf-8", "surrogateescape")


@given(paths=st.lists(NAMES, min_size=1, max_size=4), reason=st.text(max_size=20))
@example(paths=ODD, reason='two\nlines, "quoted"')
@example(paths=["a\rb.png"], reason="")
@settings(deadline=None)
def test_csv_gives_back_every_name(paths: list[str], reason: str) -> None:
    rows = list(csv.DictReader(io.StringIO(written("csv", paths, reason), newline="")))
    assert [row["path"] for row in rows] == paths
    for row in rows:
        assert tuple(row) == COLUMNS
        assert row["reason"] == reason
        assert float(row["probability"]) == pytest.approx(0.123456789, abs=1e-8)
        assert row["frame"] == ""


@given(paths=st.lists(NAMES, min_size=1, max_size=4), reason=st.text(max_size=20))
@example(paths=ODD, reason='two\nlines, "quoted"')
@settings(deadline=None)
def test_jsonl_gives_back_every_name_on_one_plain_line(paths: list[str], reason: str) -> None:
    text = written("jsonl", paths, reason)
    assert text.isascii()
    rows = [json.loads(line) for line in text.splitlines()]
    assert rows == [{**ANSWER.row(), "path": path, "reason": reason} for path in paths]


@given(paths=st.lists(NAMES, min_size=1, max_size=4), reason=st.text(max_size=20))
@example(paths=ODD, reason="two\nlines")
@settings(deadline=None)
def test_the_table_has_one_printable_line_a_row(paths: list[str], reason: str) -> None:
    lines = written("table", paths, reason).split("\n")
    assert len(lines) == len(paths) + 2  # the header; nothing after the last line's end
    assert all(line.isprintable() for line in lines)


def test_rows_without_an_answer_have_empty_cells() -> None:
    row = {**ANSWER.row(), "status": "error", "label": "", "probability": None, "reason": "why"}
    with tempfile.TemporaryDirectory() as folder:
        for form in FORMATS:
            with fresh_file(form, Path(folder) / form, ["scan.png"]) as rows:
                rows.write(row)
        (line,) = csv.DictReader((Path(folder) / "csv").open(newline=""))
        assert (line["label"], line["probability"], line["reason"]) == ("", "", "why")
        assert json.loads((Path(folder) / "jsonl").read_text())["probability"] is None
        assert (Path(folder) / "table").read_text().splitlines()[1].split() == ["scan.png", "error", "why"]


def test_the_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    with fresh_file("csv", file, ["scan.png"]) as rows:
        rows.write(ANSWER.row())
        assert not file.exists()
        assert len((tmp_path / "out.csv.partial").read_text().splitlines()) == 2  # flushed at once
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_a_failure_keeps_the_rows_and_the_earlier_file(tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    file.write_text("earlier")

    def fail_after_one_row() -> None:
        with fresh_file("csv", file, ["scan.png"]) as rows:
            rows.write(ANSWER.row())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_one_row()
    assert file.read_text() == "earlier"
    assert len((tmp_path / "out.csv.partial").read_text().splitlines()) == 2


@pytest.mark.parametrize("names", [["a\nb.png", 'q"uo,te.png', "é.png", "\udcff\udcfe.png"], ["a\rb.png"]])
@pytest.mark.parametrize("to_file", [True, False])
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_odd_names_survive_the_command_line(
    classify: Classify, tmp_path: Path, form: str, to_file: bool, names: list[str]
) -> None:
    for name in names:
        write_scan(tmp_path / "in" / name, height=40, width=40)
    out = tmp_path / "out"
    options = ["--backend", "onnxruntime", "--format", form, *(["-o", out] if to_file else [])]
    done = classify(tmp_path / "in", *options)
    content = out.read_bytes() if to_file else done.stdout_bytes
    text = content.decode("utf-8", "surrogateescape")
    if form == "csv":
        paths = [row["path"] for row in csv.DictReader(io.StringIO(text, newline=""))]
    else:
        paths = [json.loads(line)["path"] for line in text.splitlines()]
    assert paths == [str(tmp_path / "in" / name) for name in names]
    assert done.exit_code == 0
