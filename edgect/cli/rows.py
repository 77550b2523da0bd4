"""Rows as table, CSV or JSON lines, to stdout or to a file that appears only when it is whole."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from edgect.errors import UsageError
from edgect.prediction import COLUMNS
from edgect.printable import printable

FORMATS = ("table", "csv", "jsonl")
TABLE = {"status": 8, "label": 12, "probability": 11}
Value = str | int | float | None
Row = dict[str, Value]


@dataclass
class Rows:
    """An open output. partial: where the rows stand until all are there, None for stdout."""

    file: TextIO
    form: str
    path_width: int
    partial: Path | None = None
    current: Path | None = None

    def header(self) -> None:
        if self.form == "csv":
            self._emit(_csv_line(COLUMNS))
        elif self.form == "table":
            names = dict.fromkeys(("path", *TABLE, "reason"), "")
            self._emit(self._table_line({name: name for name in names}))

    def write(self, row: Row) -> None:
        """Append one row and flush it: what is known survives whatever comes next."""
        if self.form == "csv":
            self._emit(_csv_line([_text(name, row[name]) for name in COLUMNS]))
        elif self.form == "jsonl":
            self._emit(json.dumps({name: row[name] for name in COLUMNS}) + "\n")
        else:
            shown = {name: _text(name, row[name]) for name in ("path", *TABLE, "reason")}
            if row["frame"] is not None:
                shown["reason"] = f"[frame {row['frame']}] {shown['reason']}"
            self._emit(self._table_line(shown))

    def _table_line(self, cells: Mapping[str, str]) -> str:
        parts = [printable(cells["path"]).ljust(self.path_width)]
        parts += [cells[name].ljust(width) for name, width in TABLE.items()]
        return "  ".join([*parts, printable(cells["reason"])]).rstrip() + "\n"

    def _emit(self, line: str) -> None:
        try:
            self.file.write(line)
            self.file.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            where = self.current or "stdout"
            raise UsageError(f"{where}: cannot be written ({error.strerror})") from error


@contextmanager
def open_rows(form: str, output: Path | None, paths: Sequence[str], replay: bool = False) -> Iterator[Rows]:
    """Open an output for rows of `paths` and write its header; at a good end, FILE.partial becomes FILE.

    replay: rows of an earlier FILE.partial come first. They go to a file beside it until
    `settle` is called, so that a second interruption loses nothing of the first.
    Raises UsageError when the file cannot be written.
    """
    path_width = max(len(printable(path)) for path in paths)
    if output is None:
        if isinstance(sys.stdout, io.TextIOWrapper):
            # any file name, also one that is not UTF-8 or that the terminal's encoding lacks
            table = form == "table"
            sys.stdout.reconfigure(
                encoding=sys.stdout.encoding if table else "utf-8",
                errors="backslashreplace" if table else "surrogateescape",
            )
        rows = Rows(sys.stdout, form, path_width)
        rows.header()
        yield rows
        return
    if output.exists() and not output.is_file():
        raise UsageError(f"{output}: not a regular file; without -o the rows go to stdout")
    partial = partial_of(output)
    current = resuming_of(output) if replay else partial
    try:
        file = current.open("w", encoding="utf-8", errors="surrogateescape", newline="")
    except OSError as error:
        raise UsageError(f"{output}: cannot be written ({error.strerror})") from error
    with file:
        rows = Rows(file, form, path_width, partial, current)
        rows.header()
        yield rows
        settle(rows)
        os.fsync(file.fileno())
    os.replace(partial, output)


def settle(rows: Rows) -> None:
    """Everything replayed is written again: the file beside becomes FILE.partial."""
    if rows.partial is not None and rows.current != rows.partial:
        assert rows.current is not None
        os.replace(rows.current, rows.partial)
        rows.current = rows.partial


def partial_of(output: Path) -> Path:
    return output.with_name(output.name + ".partial")


def resuming_of(output: Path) -> Path:
    return output.with_name(output.name + ".resuming")


def _text(name: str, value: Value) -> str:
    if value is None:
        return ""
    return f"{value:.8f}" if name == "probability" and isinstance(value, float) else str(value)


def _csv_line(cells: tuple[str, ...] | list[str]) -> str:
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="\r\n").writerow(cells)  # with "\n", a lone "\r" stays unquoted
    return line.getvalue().removesuffix("\r\n") + "\n"
