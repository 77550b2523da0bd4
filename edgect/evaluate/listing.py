"""A table of labelled files: CSV with the columns `path` and `label`, and `patient` where it is known."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass

from edgect.errors import UsageError
from edgect.evaluate.labels import Case, Cases, Words, listed

SEPARATORS = (",", ";", "\t")
MOST = 5  # faults that one message tells


@dataclass(frozen=True)
class _Line:
    number: int
    cells: list[str]


def read_listing(table: str, words: Words) -> Cases:
    """Every line one file; paths are relative to the table's folder. UTF-8, with or without a mark.

    Columns may come in any order, others are ignored; the separator is a comma, a semicolon (as
    Excel writes in many countries) or a tab.

    Raises UsageError: the table cannot be read, or some line has no label, an unknown label, no
    patient, a file that is not there or that another line has; the message says which lines.
    """
    head, *lines = _lines(table)
    names = [cell.strip().casefold() for cell in head.cells]
    for name in ("path", "label"):
        if names.count(name) != 1:
            names_there = listed(head.cells)
            raise UsageError(f"{table}: line {head.number} must name one column {name!r}, not {names_there}")
    wanted = ("path", "label", "patient")
    columns: dict[str, int] = {name: names.index(name) for name in wanted if name in names}
    cases: list[Case] = []
    faults, seen = list[str](), dict[str, int]()
    for line in lines:
        case = _case(line, columns, len(names), os.path.dirname(table), words, seen)
        if isinstance(case, Case):
            cases.append(case)
        else:
            faults.append(f"line {line.number}: {case}")
    if faults:
        rest = f"; and {len(faults) - MOST} more" if len(faults) > MOST else ""
        raise UsageError(f"{table}: " + "; ".join(faults[:MOST]) + rest)
    if not cases:
        raise UsageError(f"{table}: no line below the names of the columns")
    return Cases(cases, "patient" in columns)


def _case(
    line: _Line, columns: dict[str, int], width: int, folder: str, words: Words, seen: dict[str, int]
) -> Case | str:
    """The file of a line, or what is wrong with it. seen: lines by file, to which this one is added."""
    if len(line.cells) != width:
        return f"{len(line.cells)} cells where the first line has {width}"
    path_cell, label = line.cells[columns["path"]], line.cells[columns["label"]].strip()
    patient = line.cells[columns["patient"]].strip() if "patient" in columns else ""
    path = os.path.join(folder, path_cell)
    if not path_cell.strip():
        return "no path"
    if "\0" in path_cell or not os.path.lexists(path):
        return f"no file {listed([path])}"
    if os.path.isdir(path):
        return f"{listed([path])} is a folder; name its files"
    if not label:
        return "no label"
    if (truth := words.label(label)) is None:
        known = listed(words.own) if words.own else "'COVID-19' or 'not COVID-19', 1 or 0"
        return f"unknown label {listed([label])}; write {known}"
    if "patient" in columns and not patient:
        return "no patient; give every line one, or leave the column out"
    first = seen.setdefault(os.path.realpath(path), line.number)
    if first != line.number:
        return f"{listed([path_cell])} is the file of line {first} already"
    return Case(path, truth, patient)


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
