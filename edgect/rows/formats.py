"""A row as a line of a table, of CSV or of JSON lines, and back."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from edgect.rows.columns import COLUMNS, SLICE_COLUMNS

FORMATS = ("table", "csv", "jsonl")
TABLE = {"status": 8, "label": 13, "probability": 11}
Value = str | int | float | None
Row = dict[str, Value]
Span = tuple[int, int]
"""Where bytes begin and end."""

_NUMBERS = {column.name: column.type for column in SLICE_COLUMNS if column.type is not str}
_DECIMALS = {column.name: column.decimals for column in SLICE_COLUMNS if column.decimals is not None}


def printable(text: str) -> str:
    """Text of foreign origin, file names above all, as one line that any terminal takes.

    Control and undecodable characters are escaped.
    """
    if text.isprintable():  # nearly always; there may be millions
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


@dataclass(frozen=True)
class Lines:
    """path_width: of a table's first column, in characters."""

    form: str
    path_width: int = 0

    @classmethod
    def of(cls, form: str, paths: Sequence[str]) -> Lines:
        # other forms have no columns to align, and there may be ten million paths
        return cls(form, max(len(printable(path)) for path in paths) if form == "table" else 0)

    def header(self) -> str:
        if self.form == "csv":
            return _csv_line(COLUMNS)
        return (
            self._table_line({name: name for name in ("path", *TABLE, "reason")})
            if self.form == "table"
            else ""
        )

    def line(self, row: Row) -> str:
        if self.form == "csv":
            return _csv_line([_text(name, row[name]) for name in COLUMNS])
        if self.form == "jsonl":
            return json.dumps({name: row[name] for name in COLUMNS}) + "\n"
        cells = {name: _text(name, row[name]) for name in ("path", *TABLE, "reason")}
        if row["frame"] is not None:
            cells["reason"] = f"[frame {row['frame']}] {cells['reason']}"
        return self._table_line(cells)

    def _table_line(self, cells: Mapping[str, str]) -> str:
        parts = [printable(cells["path"]).ljust(self.path_width)]
        parts += [cells[name].ljust(width) for name, width in TABLE.items()]
        return "  ".join([*parts, printable(cells["reason"])]).rstrip() + "\n"

    def parse(self, line: bytes) -> Row | None:
        """The row of a line of CSV or JSON; None unless it is to the byte what `line` makes of that row."""
        text = decode(line)
        try:
            row = json.loads(text) if self.form == "jsonl" else _csv_row(text)
            return row if self.line(row) == text and tuple(row) == COLUMNS else None
        except (ValueError, TypeError, LookupError, csv.Error):
            return None


def whole_lines(form: str, content: bytes) -> Iterator[Span]:
    """Where lines are, the header too, a cut last one not. A name in CSV may hold line ends."""
    start, end, within = 0, 0, False
    for part in io.BytesIO(content):  # as bytes: UTF-8 has a line end nowhere else
        end += len(part)
        within ^= form == "csv" and part.count(b'"') % 2 == 1
        if part.endswith(b"\n") and not within:
            yield start, end
            start = end


def encode(line: str) -> bytes:
    """UTF-8, and the bytes of a file name as they are."""
    return line.encode("utf-8", "surrogateescape")


def decode(line: bytes) -> str:
    return line.decode("utf-8", "surrogateescape")


def _text(name: str, value: Value) -> str:
    if value is None:
        return ""
    decimals = _DECIMALS.get(name)
    return str(value) if decimals is None or not isinstance(value, float) else f"{value:.{decimals}f}"


def _csv_line(cells: Sequence[str]) -> str:
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="\r\n").writerow(cells)  # with "\n", a lone "\r" stays unquoted
    return line.getvalue().removesuffix("\r\n") + "\n"


def _csv_row(text: str) -> Row:
    (cells,) = csv.reader(io.StringIO(text, newline=""))
    return typed(cells)


def typed(cells: Sequence[str]) -> Row:
    """The row of cells of CSV in the order of the columns. Raises ValueError where they are none."""
    row: Row = dict(zip(COLUMNS, cells, strict=True))
    for name, number in _NUMBERS.items():
        cell = row[name]
        row[name] = number(str(cell)) if cell != "" else None
    return row
