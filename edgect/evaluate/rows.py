"""The row of every slice with its true label, as CSV, in a file that appears only when it is whole."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from edgect.errors import UsageError
from edgect.evaluate.figures import Answer
from edgect.rows.columns import COLUMNS

TRUTH = ("truth", "patient")  # after the columns of `edgect classify`


@contextmanager
def open_rows(file: Path | None, labels: tuple[str, str]) -> Iterator[Callable[[Answer], None]]:
    """What writes one more row; nothing without a file. labels: of not COVID-19 and COVID-19.

    Raises UsageError where the file cannot be written.
    """
    if file is None:
        yield lambda answer: None
        return
    partial = file.with_name(file.name + ".partial")
    with _blamed_on(file):
        opened = partial.open("w", encoding="utf-8", errors="surrogateescape", newline="")
    writer = csv.writer(opened, lineterminator="\r\n")

    def write(answer: Answer) -> None:
        cells = [*answer.said.row().values(), labels[answer.case.label], answer.case.patient]
        with _blamed_on(file):
            writer.writerow(cells)

    try:
        with _blamed_on(file):
            writer.writerow((*COLUMNS, *TRUTH))
        yield write
        with _blamed_on(file):
            opened.flush()
            os.fsync(opened.fileno())
    finally:
        with suppress(OSError):  # what could not be written was said above
            opened.close()
    with _blamed_on(file):
        os.replace(partial, file)


@contextmanager
def _blamed_on(file: Path) -> Iterator[None]:
    """Raises UsageError for an OSError of writing the rows; those of reading scans pass by elsewhere."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"--rows {file}: cannot be written ({error.strerror or error})") from error
