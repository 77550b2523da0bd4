"""How an output begins, with what an earlier run left: gone on with, set aside, or nothing of it."""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path

import pytest

from edgect.batch.output import open_rows
from edgect.batch.record import Record
from edgect.batch.resume import begin_output
from edgect.rows.formats import Lines, Row
from tests.edgect.batch.earlier_rows import content, row

CSV, JSONL, TABLE = Lines("csv"), Lines("jsonl"), Lines("table", 5)
ROWS = (row("a.png"), row("c.tif", frame=0), row("c.tif", frame=1))
HEADER = content(CSV)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "rows"


@pytest.fixture
def partial(out: Path) -> Path:
    return out.with_name("rows.partial")


class _Stop(Exception):
    """The run ends before its first row."""


def begin(out: Path, lines: Lines, resume: bool) -> tuple[Record, list[str], bytes]:
    """The record, the notices, and what rows.partial begins with."""
    notices: list[str] = []
    with suppress(_Stop), open_rows(lines, out) as rows:
        record = begin_output(rows, resume, lambda: {"threshold": 0.5}, ["a.png", "c.tif"], notices.append)
        raise _Stop
    return record, notices, out.with_name("rows.partial").read_bytes()


@pytest.mark.parametrize("resume", [False, True])
@pytest.mark.parametrize("lines", [CSV, JSONL, TABLE])
def test_where_nothing_was_left_there_is_nothing_to_say(out: Path, lines: Lines, resume: bool) -> None:
    record, notices, begun = begin(out, lines, resume and lines is not TABLE)
    assert (record, notices, begun) == (record, [], content(lines))
    assert (record.kept, record.usable) == (b"", 0)


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("lines", [CSV, JSONL])
def test_without_resume_rows_are_set_aside(out: Path, partial: Path, lines: Lines, rows: int) -> None:
    left = content(lines, *ROWS[:rows])
    partial.write_bytes(left)
    record, (notice,), begun = begin(out, lines, False)
    assert notice == (
        f"{partial}: of an interrupted run, set aside as rows.partial.1; "
        "--resume would have gone on from there"
    )
    assert partial.with_name("rows.partial.1").read_bytes() == left
    assert (record.usable, begun) == (0, content(lines))


def test_a_header_and_a_table_are_not_set_aside(out: Path, partial: Path) -> None:
    for lines, left in ((CSV, HEADER), (TABLE, content(TABLE, *ROWS))):
        partial.write_bytes(left)
        assert begin(out, lines, False)[1:] == ([], content(lines))
        assert not partial.with_name("rows.partial.1").exists()


def test_resuming_goes_on_from_the_rows_of_an_interrupted_run(out: Path, partial: Path) -> None:
    out.write_bytes(content(CSV, row("a.png", threshold=0.25)))  # of another run, which was finished
    partial.write_bytes(content(CSV, *ROWS))
    record, (notice,), begun = begin(out, CSV, True)
    assert notice == (
        f"{partial}: 1 rows are kept where their files are unchanged; "
        "not kept: 2 of a file whose frames may not all be there"
    )
    assert (record.usable, begun) == (1, content(CSV, ROWS[0]))
    assert not partial.with_name("rows.partial.1").exists()


def test_resuming_a_finished_run_keeps_all(out: Path, partial: Path) -> None:
    out.write_bytes(content(CSV, *ROWS))
    record, (notice,), begun = begin(out, CSV, True)
    assert notice == f"{out}: 3 rows are kept where their files are unchanged"
    assert (record.usable, begun) == (3, content(CSV, *ROWS))
    assert out.read_bytes() == content(CSV, *ROWS)


def test_what_cannot_be_gone_on_from_is_set_aside_and_said(out: Path, partial: Path) -> None:
    partial.write_bytes(content(JSONL, *ROWS))
    record, notices, begun = begin(out, CSV, True)
    assert notices == [
        f"{partial}: no row is kept: it is no CSV with the columns of this version",
        f"{partial}: of an interrupted run, set aside as rows.partial.1",
    ]
    assert partial.with_name("rows.partial.1").read_bytes() == content(JSONL, *ROWS)
    assert (record.usable, begun) == (0, HEADER)


def test_the_words_of_an_error_count_the_rows_of_both_runs(out: Path, partial: Path) -> None:
    partial.write_bytes(content(CSV, *ROWS[:1]))
    with suppress(_Stop), open_rows(CSV, out) as rows:
        begin_output(rows, True, dict, ["a.png", "b.png"], lambda _: None)
        assert rows.kept_in_words == "1 rows are kept in rows.partial"
        rows.write(row("b.png"))
        assert rows.kept_in_words == "2 rows are kept in rows.partial"
        raise _Stop


def test_a_stream_and_a_function_have_nothing_to_go_on_from() -> None:
    taken: list[Row] = []
    for output in (io.StringIO(), taken.append, None):
        with open_rows(CSV, output) as rows:
            record = begin_output(rows, False, dict, ["a.png"], pytest.fail)
            assert record.take("a.png") == []
            assert rows.kept_in_words == ""
