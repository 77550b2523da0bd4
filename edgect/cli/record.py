"""What an interrupted run has already answered, for `--resume`."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgect.cli.beside import Beside
from edgect.cli.rows import Row, partial_of
from edgect.errors import ScanError, UsageError
from edgect.prediction import COLUMNS
from edgect.scans import Limits, read_bytes

if TYPE_CHECKING:
    from edgect.classifier import Classifier


class Record:
    """Answered rows by path, a list of one row (or one per frame) for each time a path is given.

    Falsy once every one was written again.
    """

    def __init__(self, files: dict[str, list[list[Row]]] | None = None) -> None:
        self._files = files or {}
        self._unwritten = {path: len(groups) for path, groups in self._files.items()}

    def __bool__(self) -> bool:
        return bool(self._unwritten)

    @classmethod
    def read(cls, output: Path, form: str, classifier: Classifier, paths: Iterable[str]) -> Record:
        """Rows of FILE.partial, or of FILE, that this bundle, engine, precision and threshold gave.

        Only rows of `paths` are kept. Errors are left out, so that they are tried again; so is a
        last row cut short, and a last file whose frames may not all be there. Raises UsageError
        where `form` cannot be resumed.
        """
        if form == "table":
            raise UsageError("--resume needs --format csv or jsonl: a table keeps too little")
        partial = partial_of(output)
        source = partial if partial.exists() else output
        if not source.exists():
            return cls()
        with source.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            text = file.read()
        whole = text[: text.rfind("\n") + 1]
        groups = _by_file(_parse_csv(whole) if form == "csv" else _parse_jsonl(whole))
        if source == partial and groups and groups[-1][0]["frame"] not in ("", None):
            groups.pop()
        wanted, files = set(paths), defaultdict(list)
        for group in groups:
            path = str(group[0]["path"])
            if path in wanted and all(_same(row, classifier) for row in group):
                files[path].append(group)
        return cls(dict(files))

    def take(self, path: str) -> list[Row]:
        """The rows of this file, each handed out once; none where there are none."""
        groups = self._files.get(path)
        return groups.pop(0) if groups else []

    def written(self, path: str) -> None:
        """Note that the output has rows for this file, those handed out or newer ones."""
        if path in self._unwritten:
            self._unwritten[path] -= 1
            if not self._unwritten[path]:
                del self._unwritten[path]


def still_holds(rows: list[Row], path: str, limits: Limits, beside: Iterable[Beside]) -> bool:
    """Whether the file's content is what these rows answer on, and what is made beside them is there."""
    try:
        digest = hashlib.sha256(read_bytes(path, limits)).hexdigest()
    except ScanError:
        return False
    return all(row["sha256"] == digest and all(made.has(row) for made in beside) for row in rows)


def _by_file(rows: Iterable[Row]) -> list[list[Row]]:
    groups: list[list[Row]] = []
    for row in rows:
        if row["frame"] in ("", None, "0", 0) or not groups:
            groups.append([])
        groups[-1].append(row)
    return groups


def _same(row: Row, classifier: Classifier) -> bool:
    engine = classifier.engine
    made_by = [classifier.bundle.digest[:12], engine.backend, engine.version, engine.precision]
    return (
        row["status"] in ("ok", "rejected")
        and [row[name] for name in ("bundle", "backend", "engine", "precision")] == made_by
        and str(row["threshold"]) == str(classifier.threshold)
        and row["operating_point"] == classifier.decision.point
        and str(row["error_rate"] or "") == str(classifier.decision.error_rate or "")
    )


def _parse_csv(text: str) -> Iterator[Row]:
    lines = csv.reader(io.StringIO(text, newline=""))
    try:
        if next(lines, None) != list(COLUMNS):
            return
        for cells in lines:
            if len(cells) == len(COLUMNS):
                yield dict(zip(COLUMNS, cells, strict=True))
    except csv.Error:  # garbage from here on
        return


def _parse_jsonl(text: str) -> Iterator[Row]:
    for line in text.split("\n")[:-1]:
        try:
            row: Any = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and tuple(row) == COLUMNS:
            yield row
