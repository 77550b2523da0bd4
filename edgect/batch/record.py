"""The record of an interrupted run, for `--resume`: the rows that its output holds already."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from edgect.batch.sinks import RowSink
from edgect.errors import ScanError
from edgect.rows.columns import COLUMNS
from edgect.rows.formats import Lines, Row, Span, Value, decode, encode, whole_lines
from edgect.scans import Limits, read_bytes

RowsOfFile = list[tuple[Row, Span]]
"""The rows of one file, and where they stand."""


@dataclass
class Record:
    """Rows of an interrupted run by path, one set for each time the path was classified.

    kept: what of the content stays, all up to the first line that is no row. held: rows in that.
    usable: rows that are kept, if their files have not changed. unused: how many others there are, by
    the reason. unreadable: why none of it can be used, or empty.
    """

    kept: bytes = b""
    held: int = 0
    usable: int = 0
    unused: Counter[str] = field(default_factory=Counter)
    unreadable: str = ""
    _spans: defaultdict[str, list[list[Span]]] = field(default_factory=lambda: defaultdict(list))
    _lines: Lines = field(default_factory=lambda: Lines("csv"))
    _requests: Counter[str] = field(default_factory=Counter)

    @classmethod
    def read(
        cls,
        content: bytes,
        lines: Lines,
        settings: Mapping[str, Value],
        paths: Iterable[str],
        finished: bool = False,
    ) -> Record:
        """settings: the columns in which a row must be like those of this run, with their values.

        Errors are left out, so that they are tried again; so is a last row cut short, and, unless the
        run had finished, a last file whose frames may not all be there.
        """
        if unreadable := _unreadable(content, lines):
            return cls(unreadable=unreadable)
        record, wanted, previous = cls(_lines=lines), set(paths), RowsOfFile()
        end = len(encode(lines.header())) if content.startswith(encode(lines.header())) else 0
        for rows in _by_file(content, lines, end):
            record._add(previous, settings, wanted)
            previous, end = rows, rows[-1][1][1]
        if end < len(content):
            lines_left = sum(1 for _ in whole_lines(lines.form, content[end:]))
            record.unused["cut short or damaged"] += max(1, lines_left)
        if previous and previous[0][0]["frame"] is not None and not finished:
            record.unused["of a file whose frames may not all be there"] += len(previous)
            end = previous[0][1][0]
        else:
            record._add(previous, settings, wanted)
        record.kept = content[:end]
        return record

    def _add(self, file_rows: RowsOfFile, settings: Mapping[str, Value], wanted: set[str]) -> None:
        if not file_rows:
            return
        self.held += len(file_rows)
        if reason := _unusable([row for row, _ in file_rows], settings, wanted):
            self.unused[reason] += len(file_rows)
        else:
            self.usable += len(file_rows)
            self._spans[str(file_rows[0][0]["path"])].append([span for _, span in file_rows])

    def take(self, path: str) -> list[RowsOfFile]:
        """All sets of rows of this path, in turn beginning with the first, the second and so on."""
        times = self._requests[path]
        self._requests[path] += 1
        spans = self._spans.get(path, [])
        turned = spans[times:] + spans[:times]
        return [[(self._row(span), span) for span in file_rows] for file_rows in turned]

    def _row(self, span: Span) -> Row:
        row = self._lines.parse(self.kept[slice(*span)])
        assert row is not None
        return row

    def __str__(self) -> str:
        unusable = "; ".join(f"{count} {reason}" for reason, count in sorted(self.unused.items()))
        if self.unreadable:
            return f"no row is kept: {self.unreadable}"
        return f"{self.usable} rows are kept where their files are unchanged" + (
            f"; not kept: {unusable}" if unusable else ""
        )


def rows_still_valid(
    known: Sequence[RowsOfFile], path: str, limits: Limits, sinks: Sequence[RowSink]
) -> RowsOfFile:
    """The rows on the file's present content, if the sinks still have all that belongs to them; else none."""
    if not known:
        return []
    try:
        digest = hashlib.sha256(read_bytes(path, limits)).hexdigest()
    except ScanError:
        return []
    for file_rows in known:
        if all(
            row["sha256"] == digest and all(sink.still_has(row) for sink in sinks) for row, _ in file_rows
        ):
            return file_rows
    return []


def _by_file(content: bytes, lines: Lines, header: int) -> Iterator[RowsOfFile]:
    """The rows up to the first line that is none, file by file. header: where that ends."""
    file_rows = RowsOfFile()
    for span in whole_lines(lines.form, content):
        if span[1] <= header:
            continue
        row = lines.parse(content[slice(*span)])
        if row is None:
            break
        if file_rows and row["frame"] in (None, 0):
            yield file_rows
            file_rows = RowsOfFile()
        file_rows.append((row, span))
    if file_rows:
        yield file_rows


def _unusable(rows: Sequence[Row], settings: Mapping[str, Value], wanted: set[str]) -> str:
    """Why the rows of a file are not those of this run; empty where they are."""
    if str(rows[0]["path"]) not in wanted:
        return "of files that are not given now"
    for row in rows:
        if differing := [
            name.replace("_", " ") for name, value in settings.items() if _differs(row, name, value)
        ]:
            return f"with another {', '.join(differing)}"
        if row["status"] not in ("ok", "rejected"):
            return "with an error, which is tried again"
    return ""


def _differs(row: Row, name: str, value: Value) -> bool:
    named = name != "names" or row["series"]  # pictures have no names that could differ
    return bool(named) and row[name] != value


def _unreadable(content: bytes, lines: Lines) -> str:
    """Why none of it can be read as rows; empty where it can, or there is none."""
    first = content[: content.find(b"\n") + 1]
    if not first:
        return ""  # nothing, or a first line cut short
    if lines.form == "csv":
        return "" if decode(first) == lines.header() else "it is no CSV with the columns of this version"
    try:
        keys = tuple(json.loads(decode(first)))
    except (ValueError, TypeError):
        keys = ()
    return "" if keys == COLUMNS else "it is no JSON lines with the names of this version"
