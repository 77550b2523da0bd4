"""One row of the page."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape

from edgect.model.decision.labels import INDETERMINATE
from edgect.report.thumbnail import Pictures
from edgect.rows.columns import SLICE_COLUMNS
from edgect.rows.formats import printable

Row = Mapping[str, str | int | float | None]

KINDS = ("positive", "negative", INDETERMINATE, "rejected", "error")
REGIONS = {"lungs": "on the lungs", "slice": "on the whole slice"}
UNITS = {column.name: f" {column.unit}" for column in SLICE_COLUMNS if column.unit and column.type is not str}
# what differs from row to row and has no column of its own
DETAILS = (
    "region",
    "series",
    "series_number",
    "series_description",
    "kernel",
    "instance",
    "position",
    "window",
    "distance",
    "error_rate",
    "milliseconds",
    "heat_map",
    "sha256",
)


def escaped(text: object) -> str:
    """Text as HTML that shows it, whatever it holds, on one line."""
    return escape(printable(str(text)))


def kind(row: Row, labels: Sequence[str]) -> str:
    """Which of `KINDS` a row is. labels: not COVID-19, COVID-19."""
    if row["status"] != "ok":
        return str(row["status"])
    return dict(zip(labels, ("negative", "positive"), strict=True)).get(str(row["label"]), INDETERMINATE)


def probability(row: Row) -> float | None:
    """Also of a row that was read from a file, where numbers are text."""
    value = row["probability"]
    return None if value in (None, "") else float(value)


def is_doubtful(row: Row) -> bool:
    """Whether there is an answer and a reason not to trust it."""
    return row["status"] == "ok" and bool(row["reason"])


def markup(number: int, row: Row, pictures: Pictures | None, labels: Sequence[str], threshold: float) -> str:
    """The row as one line of HTML. number: from 1."""
    name, value = escaped(row["path"]), probability(row)
    region = REGIONS.get(str(row["region"]), "")
    attributes = " data-doubt" if is_doubtful(row) else ""
    attributes += "" if value is None else f' data-p="{value:.8f}"'
    details = {key: f"{row[key]}{UNITS.get(key, '')}" for key in DETAILS if row[key] not in (None, "")}
    if value is not None:
        details = {"probability": f"{value:.8f}", **details}
    return "".join(
        (
            f'<tr data-kind="{escaped(kind(row, labels))}"{attributes} data-more="{_json(details)}">',
            f'<td class="number">{number}</td>',
            f'<td class="pictures"><button type="button" aria-label="Larger view of row {number}, {name}">',
            f"{_images(pictures)}</button></td>",
            file(row),
            f'<td class="answer">{answer(row, labels)}{f"<small>{region}</small>" if region else ""}</td>',
            f'<td class="probability">{"" if value is None else bar(value, threshold)}</td>',
            f'<td class="remark">{escaped(row["reason"])}</td></tr>\n',
        )
    )


def file(row: Row) -> str:
    """The cell that heads a row: the file's name, and where in it or in its series the slice lies."""
    frame = "" if row["frame"] in (None, "") else f"frame {escaped(row['frame'])}"
    position = "" if row["position"] in (None, "") else f"{float(row['position'] or 0):.1f} mm"
    where = " · ".join(part for part in (frame, position) if part)
    small = f"<small>{where}</small>" if where else ""
    return f'<th scope="row" class="file">{escaped(row["path"])}{small}</th>'


def rounded(value: float) -> str:
    """Four digits, but neither certainty where there is none."""
    if 0 < value < 0.0001:
        return "&lt; 0.0001"
    return "&gt; 0.9999" if 0.9999 < value < 1 else f"{value:.4f}"


def _json(details: Mapping[str, str]) -> str:
    return escape(json.dumps({key: printable(value) for key, value in details.items()}, ensure_ascii=False))


def answer(row: Row, labels: Sequence[str]) -> str:
    """The label, or the status where there is none, and whether it is to be doubted."""
    name = row["label"] if row["status"] == "ok" else row["status"]
    doubt = '<span class="chip doubt">doubt this</span>' if is_doubtful(row) else ""
    return chip(kind(row, labels), str(name)) + doubt


def _images(pictures: Pictures | None) -> str:
    if pictures is None:
        return '<span class="none">no picture</span>'
    slice_ = image(pictures.slice)
    return slice_ + ('<span class="none">no map</span>' if pictures.map is None else image(pictures.map))


def chip(kind: str, text: str) -> str:
    """kind: of `KINDS`."""
    return f'<span class="chip {escaped(kind)}">{escaped(text)}</span>'


def image(content: bytes) -> str:
    """content: of a WebP file."""
    return f'<img alt="" decoding="async" src="data:image/webp;base64,{b64encode(content).decode()}">'


def bar(value: float, threshold: float) -> str:
    """Probability, and a bar whose edges the threshold stands over. Attributes only: no inline style."""
    return (
        f'{rounded(value)}<svg viewBox="0 0 100 14" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="track" y="3" width="100" height="8"/>'
        f'<rect class="value" y="3" width="{100 * value:.2f}" height="8"/>'
        f'<rect class="threshold" x="{min(100 * threshold, 99):.2f}" width="1" height="14"/></svg>'
    )
