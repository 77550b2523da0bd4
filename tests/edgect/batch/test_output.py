"""Where rows go, without a run: every row once and in order whatever the disk does, or an error."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edgect.batch.output import CallbackRows, FileRows, StreamRows, belongs_to, open_rows
from edgect.errors import UsageError
from edgect.rows.formats import Lines, Row, Span, whole_lines
from tests.edgect.batch.earlier_rows import content, row

CSV, TABLE = Lines("csv"), Lines("table", 5)
A, B, C, D = (row(f"{name}.png") for name in "abcd")
HEADER = content(CSV)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "rows.csv"


@pytest.fixture
def partial(out: Path) -> Path:
    return out.with_name("rows.csv.partial")


def spans(held: bytes) -> list[Span]:
    """Where the rows of CSV are."""
    return list(whole_lines("csv", held))[1:]


def write(out: Path, items: Iterable[Row | tuple[Row, Span]], kept: bytes = b"", held: int = 0) -> None:
    """New rows, and rows to keep with their places."""
    with open_rows(CSV, out) as rows:
        assert isinstance(rows, FileRows)
        rows.begin(kept, held)
        for item in items:
            if isinstance(item, tuple):
                rows.keep(*item)
            else:
                rows.write(item)


def failing(*items: Row) -> Iterator[Row]:
    yield from items
    raise KeyError


# functions and streams


def test_a_function_gets_new_rows_and_kept_ones() -> None:
    taken: list[Row] = []
    for output in (taken.append, None):
        with open_rows(CSV, output) as rows:
            assert isinstance(rows, CallbackRows)
            rows.write(A)
            rows.keep(B, (0, 1))
    assert taken == [A, B]


def test_a_stream_gets_each_row_at_once() -> None:
    class Counted(io.StringIO):
        seen: list[str] = []  # noqa: RUF012  # of the only one

        def flush(self) -> None:
            self.seen.append(self.getvalue())

    stream = Counted()
    with open_rows(CSV, stream) as rows:
        assert isinstance(rows, StreamRows)
        rows.write(A)
        rows.keep(B, (0, 1))
    assert [text.encode() for text in stream.seen] == [HEADER, content(CSV, A), content(CSV, A, B)]


class Refusing(io.StringIO):
    name = "log.txt"

    def __init__(self, error: OSError) -> None:
        self.error = error

    def write(self, text: str) -> int:
        raise self.error


def test_a_stream_that_takes_nothing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    full = Refusing(OSError(28, "No space left on device"))
    with pytest.raises(UsageError, match=r"^log.txt: cannot be written \(No space left on device\)"):
        StreamRows(CSV, full)
    monkeypatch.setattr(sys, "stdout", full)
    with pytest.raises(UsageError, match=r"^stdout: cannot"):
        StreamRows(CSV, full)
    with pytest.raises(BrokenPipeError):  # whoever read has enough, which is no fault
        StreamRows(CSV, Refusing(BrokenPipeError(32, "Broken pipe")))


# the order of kept rows and new ones


def test_rows_of_two_runs_are_put_in_the_order_of_the_second(out: Path, partial: Path) -> None:
    earlier = content(CSV, A, B, C)
    partial.write_bytes(earlier)
    a, b, c = spans(earlier)

    write(out, [(C, c), D, (A, a), (B, b)], earlier, 3)
    assert out.read_bytes() == content(CSV, C, D, A, B)
    assert os.listdir(out.parent) == ["rows.csv"]


def test_rows_that_are_not_kept_are_left_out(out: Path, partial: Path) -> None:
    earlier = content(CSV, A, B, C)
    partial.write_bytes(earlier)
    a, _, c = spans(earlier)
    write(out, [(A, a), (C, c), D], earlier, 3)
    assert out.read_bytes() == content(CSV, A, C, D)
    write(out, [D])
    assert out.read_bytes() == content(CSV, D)


def test_rows_in_their_order_are_not_copied(out: Path, partial: Path) -> None:
    earlier = content(CSV, A, B)
    partial.write_bytes(earlier)
    number = partial.stat().st_ino
    a, b = spans(earlier)
    write(out, [(A, a), (B, b), C], earlier, 2)
    assert out.read_bytes() == content(CSV, A, B, C)
    assert out.stat().st_ino == number


def test_rows_of_megabytes_are_copied_whole(out: Path) -> None:
    big = row("x" * (5 * 2**19))  # as many bytes as two and a half pieces of the copy
    write(out, [A, big, (A, spans(content(CSV, A, big))[0])])
    assert out.read_bytes() == content(CSV, A, big, A)


def test_the_beginning_that_stays_is_cut_or_written(out: Path, partial: Path) -> None:
    """Of the earlier content, of that of a finished run, or of a run from the start."""
    for left, kept in (
        (content(CSV, A, B), content(CSV, A)),
        (b"", content(CSV, A)),
        (content(CSV, B), content(CSV, A)),
        (content(CSV, B, A), b""),
    ):
        partial.write_bytes(left)
        write(out, [C], kept)
        assert out.read_bytes() == content(CSV, C)
        partial.write_bytes(left)
        with pytest.raises(KeyError):
            write(out, failing(), kept)
        assert partial.read_bytes() == (kept or HEADER)
        partial.unlink()


# a disk that does not do as it should


class Disk(io.FileIO):
    """Takes a few bytes at a time, and no more than there is room for."""

    def __init__(self, path: Path, room: int) -> None:
        super().__init__(path, "a+b")
        self.room = room

    def write(self, content: Any) -> int:
        if not self.room:
            raise OSError(28, "No space left on device")
        taken = super().write(bytes(content)[: min(7, self.room)])
        self.room -= taken
        return taken


def test_a_disk_that_takes_a_few_bytes_at_a_time_gets_all(out: Path, partial: Path) -> None:
    with Disk(partial, 10**6) as file:
        rows = FileRows(CSV, out, file)
        rows.begin(b"")
        rows.write(A)
        rows.write(B)
        rows.finish()
    assert out.read_bytes() == content(CSV, A, B)


def test_a_full_disk_leaves_whole_rows_and_goes_on_after_them(out: Path, partial: Path) -> None:
    with Disk(partial, len(content(CSV, A)) + 20) as file:
        rows = FileRows(CSV, out, file)
        rows.begin(b"")
        rows.write(A)
        with pytest.raises(UsageError) as error:
            rows.write(B)
        assert str(error.value) == (
            f"{out}: cannot be written (No space left on device); "
            "1 rows are kept in rows.csv.partial, and --resume goes on from there"
        )
        assert partial.read_bytes() == content(CSV, A)
        file.room = 10**6
        rows.write(C)
        rows.finish()
    assert out.read_bytes() == content(CSV, A, C)


def test_without_a_row_or_in_a_table_nothing_is_said_to_be_kept(out: Path, partial: Path) -> None:
    for lines, written in ((CSV, []), (TABLE, [A])):
        with Disk(partial, 10**6) as file:
            rows = FileRows(lines, out, file)
            rows.begin(b"")
            for each in written:
                rows.write(each)
            assert rows.kept_in_words == ""
            file.room = 0
            with pytest.raises(UsageError, match=r"device\)$"):
                rows.write(B)
        partial.unlink()


def test_rows_that_someone_cuts_are_no_output(out: Path, partial: Path) -> None:
    earlier = content(CSV, A, B)
    partial.write_bytes(earlier)

    def items() -> Iterator[tuple[Row, Span]]:
        yield B, spans(earlier)[1]
        os.truncate(partial, len(earlier) - 5)

    with pytest.raises(UsageError, match=r"cannot be written.*2 rows are kept in rows.csv.partial"):
        write(out, items(), earlier, 2)
    assert not out.exists()


def test_rows_are_on_the_disk_before_they_get_their_name_and_every_ten_seconds(
    out: Path, partial: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[str] = []
    replace, now = os.replace, [0.0]

    def replaced(*paths: Path) -> None:
        events.append("name")
        replace(*paths)

    monkeypatch.setattr(os, "fsync", lambda handle: events.append("sync"))
    monkeypatch.setattr(os, "replace", replaced)
    monkeypatch.setattr("edgect.batch.output.monotonic", lambda: now[0])

    def in_time() -> Iterator[Row]:
        for time in (0, 10, 10.5, 20.5, 20.6):
            now[0] = time
            events.append(f"{time}")
            yield A

    write(out, in_time())
    assert events == ["0", "10", "10.5", "sync", "20.5", "20.6", "sync", "sync", "name", "sync"]
    events.clear()
    sizes: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda handle: sizes.append(os.fstat(handle).st_size))
    earlier = content(CSV, A, B)
    partial.write_bytes(earlier)
    write(out, [(B, spans(earlier)[1])], earlier, 2)
    assert sizes[0] == len(content(CSV, B))  # all of it
    assert (len(sizes), events) == (2, ["name"])


# names


def test_what_is_set_aside_gets_a_name_of_its_own(out: Path, partial: Path) -> None:
    out.with_name("rows.csv.partial.1").write_bytes(b"of a run before")
    partial.write_bytes(content(CSV, A))
    with open_rows(CSV, out) as rows:
        assert isinstance(rows, FileRows)
        assert rows.set_aside() == out.with_name("rows.csv.partial.2")
        rows.begin(b"")
        assert rows.set_aside() == out.with_name("rows.csv.partial.3")
    assert out.with_name("rows.csv.partial.1").read_bytes() == b"of a run before"
    for number in (2, 3):
        assert out.with_name(f"rows.csv.partial.{number}").read_bytes() == content(CSV, A)


def test_a_run_that_fails_keeps_its_rows_and_makes_no_output(out: Path, partial: Path) -> None:
    with pytest.raises(KeyError):
        write(out, failing(A))
    assert not out.exists()
    assert partial.read_bytes() == content(CSV, A)


def test_what_is_no_file_or_another_s_is_refused(out: Path, partial: Path) -> None:
    for path in (out, partial):
        path.mkdir()
        with pytest.raises(UsageError, match=rf"^{path}: not a regular file"):
            write(out, [A])
        path.rmdir()
    with pytest.raises(UsageError, match="No such file"):
        write(out.parent / "gone" / "rows.csv", [A])
    with open_rows(CSV, out) as rows:
        assert isinstance(rows, FileRows)
        rows.begin(b"")
        with pytest.raises(UsageError, match="another edgect is writing it"):
            write(out, [A])


def test_an_output_owns_what_is_made_for_it(out: Path) -> None:
    own = ("rows.csv", "rows.csv.ordered", "rows.csv.partial", "rows.csv.partial.12", "x/../rows.csv")
    (out.parent / "x").mkdir()
    assert all(belongs_to(out, out.parent / name) for name in own)
    others = ("rows", "rows.csv.gz", "rows.csv.orderedly", "x/rows.csv", "x/rows.csv.partial", "my.rows.csv")
    assert not any(belongs_to(out, out.parent / name) for name in others)
    out.write_bytes(b"")
    (out.parent / "link.csv").symlink_to(out)
    assert belongs_to(out, out.parent / "link.csv")
    assert belongs_to(out.parent / "link.csv", out)
