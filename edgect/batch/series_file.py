"""`--series FILE`: a row for every series, beside the rows of its slices."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from typing import Any

from edgect.errors import UsageError
from edgect.machine.atomic import replacing
from edgect.model.decision.labels import Decision
from edgect.rows.formats import Row, encode
from edgect.rows.prediction import Prediction
from edgect.rows.series import SeriesRows


def _nothing(_: Prediction) -> None: ...


class SeriesFile:
    """CSV by the suffix `.csv`, else JSON lines; FILE appears when it is whole."""

    evidence = False

    def __init__(self, file: Path, decision: Decision) -> None:
        """decision: with which the rows of the slices are made."""
        self.render = _nothing
        self._file, self._series = file, SeriesRows(decision)

    @staticmethod
    def check_writable(file: Path) -> None:
        """Before anything slow. Raises UsageError where the file cannot be written."""
        if file.exists() and not file.is_file():
            raise UsageError(f"--series {file}: not a regular file")
        part = _part(file)
        try:
            part.write_bytes(b"")
            part.unlink()
        except OSError as error:
            raise UsageError(f"--series {file}: cannot be written ({error.strerror})") from error

    @staticmethod
    def owns(file: Path, path: str | os.PathLike[str]) -> bool:
        """Whether a path is FILE, or what an interrupted run may have left of it."""
        return os.path.realpath(path) in (os.path.realpath(file), os.path.realpath(_part(file)))

    def still_has(self, row: Row) -> bool:
        return True

    def store(self, rendered: None, row: Row) -> None: ...

    def add(self, row: Row) -> None:
        self._series.add(row)

    def finish(self) -> None:
        rows = self._series.rows()
        text = _csv(self._series.columns(), rows) if self._file.suffix.lower() == ".csv" else _jsonl(rows)
        try:
            with replacing(self._file, part=_part(self._file)) as file:
                file.write(encode(text))
        except OSError as error:
            raise UsageError(f"--series {self._file}: cannot be written ({error.strerror})") from error


def _part(file: Path) -> Path:
    return file.with_name(file.name + ".partial")


def _jsonl(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def _csv(names: list[str], rows: list[dict[str, Any]]) -> str:
    """Lists as JSON in their cell: a path may hold any character that could part them."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(
            {name: json.dumps(cell) if isinstance(cell, list) else cell for name, cell in row.items()}
        )
    return text.getvalue()
