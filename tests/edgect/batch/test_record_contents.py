"""Which rows of an earlier run are used again, which are not, and what is said of both. No run is needed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from edgect.batch.record import Record, RowsOfFile, rows_still_valid
from edgect.batch.sinks import HeatMapFolder
from edgect.rows.formats import Lines, Row, Value
from edgect.scans import Limits
from tests.edgect.batch.earlier_rows import content, row

CSV, JSONL = Lines("csv"), Lines("jsonl")
FORMS = pytest.mark.parametrize("lines", [CSV, JSONL])
A, B = row("a.png"), row("b.png")
PAGES = [row("c.tif", frame=number) for number in range(3)]
KEPT = "rows are kept where their files are unchanged"


def read(lines: Lines, held: bytes, *paths: str, finished: bool = False) -> Record:
    return Record.read(held, lines, {"threshold": 0.5}, paths, finished)


def taken(record: Record, path: str) -> list[list[Row]]:
    return [[each for each, _ in file_rows] for file_rows in record.take(path)]


@FORMS
def test_rows_are_taken_by_path_with_their_places(lines: Lines) -> None:
    held = content(lines, A, *PAGES, B)
    record = read(lines, held, "a.png", "b.png", "c.tif")
    assert (record.kept, record.held, record.usable, str(record)) == (held, 5, 5, f"5 {KEPT}")
    (file_rows,) = record.take("c.tif")
    assert [each for each, _ in file_rows] == PAGES
    for each, (start, end) in file_rows:
        assert held[start:end] == content(lines, each).removeprefix(content(lines))
    assert record.take("d.png") == []


@FORMS
def test_a_path_that_was_classified_twice_has_its_rows_in_turn(lines: Lines) -> None:
    first, second, third = (row("a.png", milliseconds=float(number)) for number in (1, 2, 3))
    record = read(lines, content(lines, first, second, third, B), "a.png", "b.png")
    assert taken(record, "a.png") == [[first], [second], [third]]
    assert taken(record, "b.png") == [[B]]
    assert taken(record, "a.png") == [[second], [third], [first]]
    assert taken(record, "a.png") == [[third], [first], [second]]


@FORMS
def test_frames_of_one_file_after_another_are_of_two_files(lines: Lines) -> None:
    record = read(lines, content(lines, *PAGES, *PAGES[:2], B), "c.tif", "b.png")
    assert taken(record, "c.tif") == [PAGES, PAGES[:2]]


@FORMS
def test_of_the_last_file_all_frames_may_not_be_there(lines: Lines) -> None:
    held = content(lines, A, *PAGES)
    unfinished, finished = (read(lines, held, "a.png", "c.tif", finished=value) for value in (False, True))
    assert (unfinished.kept, unfinished.held, unfinished.usable) == (content(lines, A), 1, 1)
    assert str(unfinished) == f"1 {KEPT}; not kept: 3 of a file whose frames may not all be there"
    assert taken(unfinished, "c.tif") == []
    assert (finished.kept, finished.held, finished.usable, str(finished)) == (held, 4, 4, f"4 {KEPT}")
    whole = content(lines, *PAGES, A)
    assert read(lines, whole, "a.png", "c.tif").kept == whole


@FORMS
def test_what_is_not_of_this_run_is_held_but_not_used(lines: Lines) -> None:
    rows = (
        A,
        row("a.png", status="error", label="", probability=None),
        row("b.png", status="rejected", label="", probability=None),
        row("b.png", threshold=0.25),
        row("d.png"),
        row("e.png"),
    )
    held = content(lines, *rows)
    record = read(lines, held, "a.png", "b.png")
    assert (record.kept, record.held, record.usable) == (held, 6, 2)
    assert str(record) == (
        f"2 {KEPT}; not kept: 2 of files that are not given now; 1 with an error, which is tried again; "
        "1 with another threshold"
    )
    assert taken(record, "a.png") == [[A]]
    assert taken(record, "b.png") == [[rows[2]]]


@FORMS
def test_every_setting_that_differs_is_named_and_one_frame_is_enough(lines: Lines) -> None:
    frames = [*PAGES[:2], row("c.tif", frame=2, model="cnn2", precision="fp32")]
    settings: dict[str, Value] = {"model": "cnn1", "precision": "int8", "threshold": 0.5}
    record = Record.read(content(lines, *frames, A), lines, settings, ["c.tif", "a.png"])
    assert str(record) == f"1 {KEPT}; not kept: 3 with another model, precision"
    failed = [*PAGES[:2], row("c.tif", frame=2, status="error", label="", probability=None)]
    record = Record.read(content(lines, *failed, A), lines, settings, ["c.tif", "a.png"])
    assert (record.usable, taken(record, "c.tif")) == (1, [])


def test_the_names_of_a_series_must_be_alike_and_a_picture_has_none() -> None:
    rows = (A, row("b.png", series="1.2", names="salt"), row("b.png", series="1.3", names="other"))
    record = Record.read(content(CSV, *rows), CSV, {"names": "salt"}, ["a.png", "b.png"])
    assert (taken(record, "a.png"), taken(record, "b.png")) == ([[A]], [[rows[1]]])
    assert record.unused == {"with another names": 1}


@FORMS
@pytest.mark.parametrize(("tail", "lines_left"), [(b"half", 1), (b"x\ny\nz\n", 3), (b"x\n" * 2 + b"half", 2)])
def test_what_is_no_row_ends_what_is_kept(lines: Lines, tail: bytes, lines_left: int) -> None:
    whole = content(lines, A, B)
    record = read(lines, whole + tail, "a.png", "b.png")
    assert (record.kept, record.usable) == (whole, 2)
    assert str(record) == f"2 {KEPT}; not kept: {lines_left} cut short or damaged"


def test_rows_after_a_damaged_one_are_not_used() -> None:
    held = content(CSV, A) + b"damaged\n" + content(CSV, B).removeprefix(content(CSV))
    record = read(CSV, held, "a.png", "b.png")
    assert (record.kept, record.unused) == (content(CSV, A), {"cut short or damaged": 2})
    assert record.take("b.png") == []


@FORMS
def test_nothing_is_nothing_and_a_first_line_cut_short_neither(lines: Lines) -> None:
    for held, cut in ((b"", 0), (content(lines), 0), (content(CSV)[:30], 1)):
        record = read(lines, held, "a.png")
        assert (record.unreadable, record.held, record.unused.total()) == (
            "",
            0,
            cut if held != content(lines) else 0,
        )
        assert record.kept == (b"" if cut else held)
    assert str(read(lines, b"", "a.png")) == f"0 {KEPT}"
    assert read(CSV, content(CSV), "a.png").kept == content(CSV)


def test_rows_of_another_form_or_version_are_not_read() -> None:
    older = content(CSV, A).replace(b"path,", b"file,", 1)
    assert str(read(CSV, older, "a.png")) == "no row is kept: it is no CSV with the columns of this version"
    assert read(CSV, older, "a.png").kept == b""
    for held in (content(CSV, A), b"\xff\n", b"5\n", content(JSONL, A).replace(b'"path"', b'"file"')):
        record = read(JSONL, held, "a.png")
        assert str(record) == "no row is kept: it is no JSON lines with the names of this version"
        assert record.take("a.png") == []


def test_rows_hold_for_the_content_that_the_file_has_now(tmp_path: Path) -> None:
    file, limits = tmp_path / "a.png", Limits()
    file.write_bytes(b"now")
    now, before = (hashlib.sha256(text).hexdigest() for text in (b"now", b"before"))
    old: RowsOfFile = [(row("a.png", sha256=before), (0, 1))]
    new: RowsOfFile = [(row("a.png", sha256=now), (1, 2)), (row("a.png", sha256=now), (2, 3))]
    mixed: RowsOfFile = [new[0], old[0]]
    assert rows_still_valid([old, mixed, new], str(file), limits, []) == new
    assert rows_still_valid([old, mixed], str(file), limits, []) == []
    assert rows_still_valid([], str(file), limits, []) == []
    file.unlink()
    assert rows_still_valid([old, new], str(file), limits, []) == []


def test_rows_hold_only_with_all_of_their_heat_maps(tmp_path: Path) -> None:
    file, limits = tmp_path / "a.png", Limits()
    file.write_bytes(b"now")
    digest = hashlib.sha256(b"now").hexdigest()
    both: RowsOfFile = [(row("a.png", sha256=digest, heat_map=name), (0, 1)) for name in ("1.png", "2.png")]
    sinks = [HeatMapFolder(tmp_path / "maps", 1.0), HeatMapFolder(tmp_path / "more", 1.0)]
    for folder in ("maps", "more"):
        (tmp_path / folder).mkdir()
        for name in ("1.png", "2.png"):
            assert rows_still_valid([both], str(file), limits, sinks) == []
            (tmp_path / folder / name).write_bytes(b"")
    assert rows_still_valid([both], str(file), limits, sinks) == both
