"""The row of every slice with its true label, as CSV, in a file that appears only when it is whole."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from edgect.errors import UsageError
from edgect.evaluate.figures import Answer
from edgect.prediction import COLUMNS

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
    try:
        with partial.open("w", encoding="utf-8", errors="surrogateescape", newline="") as opened:
            writer = csv.writer(opened, lineterminator="\r\n")
            writer.writerow((*COLUMNS, *TRUTH))

            def write(answer: Answer) -> None:
                cells = [*answer.said.row().values(), labels[answer.case.label], answer.case.patient]
                writer.writerow(cells)

            yield write
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(partial, file)
    except OSError as error:
        raise UsageError(f"--rows {file}: cannot be written ({error.strerror})") from error
