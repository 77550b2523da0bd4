"""A table of labelled files: CSV with the columns `path` and `label`, and others where they are known."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace

from edgect.errors import UsageError
from edgect.scans import find_scans
from edgect.scans.files.archive import has_member
from edgect.sources.labels import Case, Cases, Words, listed

COLUMNS = ("path", "label", "patient", "series", "study", "group", "weight", "part", "position")
NEEDED = {"path", "label"}
UNKNOWN = frozenset({"patient", "part"})  # of a table in which the column is empty throughout
SYNONYMS = {"position_mm": "position"}
PARTS = ("train", "validation", "test")
SEPARATORS = (",", ";", "\t")
MOST = 5  # faults that one message tells


@dataclass(frozen=True)
class _Line:
    number: int
    cells: list[str]


def read_table(
    table: str, words: Words | None = None, folder: str | None = None, labelled: bool = True
) -> Cases:
    """Every line a file, or what stands for several; paths are relative to `folder`, the table's by default.

    Columns: path and label; patient, series, study, group, weight (above 0), part (train, validation,
    test, or empty for none) and position (of the slice in its series, in millimetres along the body; also
    called position_mm) where the table has them. They may come in any order, others are ignored; patient
    and part may be empty in every line, as where they are unknown. UTF-8, with or without a mark; the
    separator is a comma, a semicolon (as Excel writes in many countries) or a tab.

    A folder, a zip archive or a DICOMDIR stands for its files. These are of one series, named after its
    path where no column says. labelled: whether there must be labels; where not, they are not read, and every
    case's is 0.

    Raises UsageError: the table cannot be read, or some line has no label, an unknown label, no
    patient where others have one, a weight or part that is none, a file that is not there or that another
    line has; the message says which lines.
    """
    head, *lines = _lines(table)
    names = [SYNONYMS.get(name, name) for name in (cell.strip().casefold() for cell in head.cells)]
    needed = NEEDED if labelled else NEEDED - {"label"}
    for name in COLUMNS:
        if names.count(name) > 1 or (name in needed and name not in names):
            names_there = listed(head.cells)
            raise UsageError(f"{table}: line {head.number} must name one column {name!r}, not {names_there}")
    columns = _columns(names, lines)
    reader = _Reader(
        os.path.dirname(table) if folder is None else folder,
        columns,
        (words or Words()) if labelled else None,
    )
    cases: list[Case] = []
    faults: list[str] = []
    for line in lines:
        if len(line.cells) != len(names):
            faults.append(
                f"line {line.number}: {len(line.cells)} cells where the first line has {len(names)}"
            )
            continue
        try:
            cases += reader.cases(line)
        except ValueError as error:
            faults.append(f"line {line.number}: {error}")
    if faults:
        rest = f"; and {len(faults) - MOST} more" if len(faults) > MOST else ""
        raise UsageError(f"{table}: " + "; ".join(faults[:MOST]) + rest)
    if not cases:
        raise UsageError(f"{table}: no line below the names of the columns")
    return Cases(cases, "patient" in columns, has_parts="part" in columns)


def _columns(names: list[str], lines: list[_Line]) -> dict[str, int]:
    """Their places by name; without those that may be unknown and are empty in every line."""
    places = {name: names.index(name) for name in COLUMNS if name in names}
    for name in UNKNOWN & places.keys():
        if not any(line.cells[places[name]].strip() for line in lines if len(line.cells) == len(names)):
            del places[name]
    return places


class _Reader:
    """From lines to files. folder: the table's. columns: their places by name. words: None without labels."""

    def __init__(self, folder: str, columns: dict[str, int], words: Words | None) -> None:
        self._folder, self._columns, self._words = folder, columns, words
        self._lines_by_file: dict[str, int] = {}

    def cases(self, line: _Line) -> list[Case]:
        """The files of a line. Raises ValueError, which says what is wrong with it."""
        cells = {name: line.cells[place].strip() for name, place in self._columns.items()}
        path_cell = line.cells[self._columns["path"]]
        files = self._files(path_cell)
        case = Case(
            path="",
            label=0 if self._words is None else self._label(cells["label"], self._words),
            patient=self._patient(cells),
            series=cells.get("series", ""),
            study=cells.get("study", ""),
            group=cells.get("group", ""),
            weight=_weight(cells.get("weight", "")),
            part=_part(cells.get("part", "")),
            position=_position(cells.get("position", "")),
        )
        if files != [os.path.join(self._folder, path_cell)]:
            case = replace(case, series=case.series or path_cell)
        for file in files:
            first = self._lines_by_file.setdefault(os.path.realpath(file), line.number)
            if first != line.number:
                raise ValueError(f"{listed([path_cell])} is the file of line {first} already")
        return [replace(case, path=file) for file in files]

    def _files(self, path_cell: str) -> list[str]:
        path = os.path.join(self._folder, path_cell)
        if not path_cell.strip():
            raise ValueError("no path")
        if "\0" in path_cell or not (os.path.lexists(path) or has_member(path)):
            raise ValueError(f"no file {listed([path])}")
        try:
            return find_scans([path])
        except UsageError as error:
            raise ValueError(str(error)) from error

    def _label(self, word: str, words: Words) -> int:
        if not word:
            raise ValueError("no label")
        if (label := words.label(word)) is None:
            known = listed(words.own) if words.own else "'COVID-19' or 'not COVID-19', 1 or 0"
            raise ValueError(f"unknown label {listed([word])}; write {known}")
        return label

    def _patient(self, cells: dict[str, str]) -> str:
        if "patient" in cells and not cells["patient"]:
            raise ValueError("no patient; give every line one, or leave the column empty")
        return cells.get("patient", "")


def _weight(cell: str) -> float:
    try:
        weight = float(cell.replace(",", ".") or 1)
    except ValueError:
        weight = 0.0
    if not 0 < weight < math.inf:
        raise ValueError(f"weight {listed([cell])} is not a number above 0")
    return weight


def _position(cell: str) -> float | None:
    try:
        position = float(cell.replace(",", ".")) if cell else None
    except ValueError:
        position = math.nan
    if position is not None and not math.isfinite(position):
        raise ValueError(
            f"position {listed([cell])} is no number of millimetres; "
            "a column that holds something else needs another name"
        )
    return position


def _part(cell: str) -> str:
    if cell and cell not in PARTS:
        raise ValueError(
            f"unknown part {listed([cell])}; write {', '.join(PARTS)}, or leave it empty for none"
        )
    return cell


def _lines(table: str) -> Iterator[_Line]:
    """The lines that hold anything, the names of the columns first; a cell may hold line breaks."""
    text = _text(table)
    first = text.lstrip("\r\n").split("\n", 1)[0]
    separator = max(SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number, empty = 1, True
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                empty = False
                yield _Line(number, cells)
            number = reader.line_num + 1
    except csv.Error as error:
        raise UsageError(f"{table}: line {number}: not CSV ({error})") from error
    if empty:
        raise UsageError(f"{table}: is empty; columns path, label and perhaps patient are expected")


def _text(table: str) -> str:
    try:
        with open(table, encoding="utf-8-sig", newline="") as file:
            return file.read()
    except UnicodeDecodeError as error:
        raise UsageError(f"{table}: not text in UTF-8; from Excel, save it as 'CSV UTF-8'") from error
    except OSError as error:
        raise UsageError(f"{table}: cannot be read ({error.strerror})") from error
