"""A page without a classifier: rows as a run would give them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from edgect.report.page import Run, Tally, page_end, page_start
from edgect.report.row import Row, markup
from edgect.report.thumbnail import Pictures, pictures
from edgect.rows.columns import COLUMNS
from tests.edgect.synthetic import body

RUN = Run(("not COVID-19", "COVID-19"), 0.5, 18.0, "2026-01-02 03:04:05", {"model": "lungs"})


def row(path: str, probability: float | None = None, **more: str | int | float | None) -> Row:
    """An ok row with a probability, else an error."""
    values: dict[str, str | int | float | None] = dict.fromkeys(COLUMNS, "")
    values |= {"path": path, "frame": None, "position": None, "probability": probability}
    if probability is None:
        values |= {"status": "error", "reason": "cannot be read"}
    else:
        values |= {"status": "ok", "label": RUN.labels[probability >= RUN.threshold], "region": "lungs"}
    return values | more


def write(path: Path, rows: Iterable[Row]) -> Path:
    thumbnails, tally = pictures(body(), None, None), Tally()
    lines = []
    for number, values in enumerate(rows, 1):
        tally.add(values, RUN)
        images: Pictures | None = thumbnails if values["status"] == "ok" else None
        lines.append(markup(number, values, images, RUN.labels, RUN.threshold).encode())
    path.write_bytes(b"".join((page_start(RUN, tally), *lines, page_end())))
    return path
