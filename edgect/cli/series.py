"""`--series FILE`: a row for every series, beside the rows of its slices."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from typing import Any

from edgect.cli.rows import Row
from edgect.errors import UsageError
from edgect.prediction import Prediction
from edgect.series import REACH, RULE, Slice, Summary, summarise

MODEL = ("model", "bundle", "backend", "precision")


class SeriesFile:
    """CSV by the suffix `.csv`, else JSON lines; FILE appears when it is whole.

    Rows without a series, those of pictures, do not appear in it: that they lie in one folder does not
    make them one patient's.
    """

    evidence = False

    def __init__(self, file: Path, labels: tuple[str, str], threshold: float) -> None:
        """labels: not COVID-19, COVID-19. threshold: of a slice's probability, and so of the mean's."""
        self._file, self._labels, self._threshold = file, labels, threshold
        self._series: dict[str, list[Slice]] = {}
        self._model: dict[str, Any] = dict.fromkeys(MODEL)

    @staticmethod
    def make(file: Path) -> None:
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

    def has(self, row: Row) -> bool:
        return True

    def prepare(self, prediction: Prediction, row: Row) -> None: ...

    def add(self, row: Row) -> None:
        if series := str(row["series"] or ""):
            self._series.setdefault(series, []).append(self._slice(row))
            self._model = {name: row[name] for name in MODEL}

    def finish(self) -> None:
        rows = [self._row(name, summarise(slices)) for name, slices in self._series.items()]
        names = self._row("", summarise([]))
        text = _csv(list(names), rows) if self._file.suffix.lower() == ".csv" else _jsonl(rows)
        part = _part(self._file)
        try:
            with part.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._file)
        except OSError as error:
            raise UsageError(f"--series {self._file}: cannot be written ({error.strerror})") from error

    def _slice(self, row: Row) -> Slice:
        probability = _number(row["probability"])
        return Slice(
            path=str(row["path"]),
            frame=None if row["frame"] in ("", None) else int(str(row["frame"])),
            status=str(row["status"]),
            positive=row["label"] == self._labels[1],
            probability=None if probability is None else round(probability, 8),  # as CSV keeps it
            position=_number(row["position"]),
            normal=str(row["normal"] or ""),
        )

    def _row(self, name: str, found: Summary) -> dict[str, Any]:
        value, number = found.highest or (None, None)
        said = "" if value is None else self._labels[int(value >= self._threshold)]
        return {
            "series": name,
            "rule_says": said,
            "slices": len(found.slices),
            "answered": found.count("ok"),
            "rejected": found.count("rejected"),
            "errors": found.count("error"),
            "positive": len(found.positive),
            "share_positive": None if found.share is None else round(found.share, 6),
            "highest_smoothed": None if value is None else round(value, 6),
            "highest_at": number,
            "positive_numbers": found.positive,
            "positive_slices": [found.slices[number - 1].name for number in found.positive],
            "spacing": None if found.spacing is None else round(found.spacing, 4),
            "doubts": "; ".join(found.doubts),
            "smoothing": f"mean within {REACH:g} mm to either side",
            "threshold": self._threshold,
            "rule": RULE,
            **self._model,
        }


def _part(file: Path) -> Path:
    return file.with_name(file.name + ".partial")


def _number(cell: Any) -> float | None:
    return None if cell in ("", None) else float(cell)


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
