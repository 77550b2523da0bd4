"""What the lines of a trail say: an answer on a slice, a result, its delivery, images left out by rules.

No text of a file gets there, and no identifier: reasons become kinds, and identifiers and the SHA-256 of
files salted hashes, the same as in rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgect.rows.causes import cause
from edgect.rows.columns import PROVENANCE_COLUMNS
from edgect.rows.identifiers import Identifiers

ANSWER, RESULT, DELIVERY, LEFT_OUT = "answer", "result", "delivery", "left out"
NEW, KEPT, PICTURE = "new", "kept", "picture"
SETTINGS = tuple(name for name in PROVENANCE_COLUMNS if name != "edgect")  # the version is in every line
DECIMALS = 8  # of a probability, as in CSV


def answer(
    row: Mapping[str, Any], identifiers: Identifiers, destination: str, outcome: str = NEW
) -> dict[str, Any]:
    """On a slice. row: with the columns of `edgect.rows.columns`.

    destination: `rows`, `http` or `outbox`. outcome: `new`; `kept`, of a row that an earlier run or an
    earlier report gave; or `picture`, where its heat map alone was asked for.
    """
    probability = row["probability"]
    return {
        "event": ANSWER,
        **_names(row, identifiers),
        "instance": _name(row, "instance", identifiers),
        "scan": identifiers.name(str(row["sha256"])),
        "frame": row["frame"],
        **{name: row[name] for name in ("model", *SETTINGS)},
        "status": row["status"],
        "cause": cause(str(row["status"]), str(row["reason"])),
        "label": row["label"],
        "probability": None if probability is None else round(float(probability), DECIMALS),
        "distance": row["distance"],
        "destination": destination,
        "outcome": outcome,
    }


def result(
    slice_row: Mapping[str, Any],
    series_row: Mapping[str, Any],
    identifiers: Identifiers,
    destination: str,
    name: str,
) -> dict[str, Any]:
    """Of a series. slice_row: of any of its slices. series_row: as `--series` has it. name: of the result."""
    return {
        "event": RESULT,
        **_names(slice_row, identifiers),
        "result": name,
        **{name: slice_row[name] for name in ("model", *SETTINGS)},
        "slices": series_row["slices"],
        "answered": series_row["answered"],
        "label": series_row["rule_says"],
        "probability": series_row["highest_smoothed"],
        "destination": destination,
        "outcome": NEW,
    }


def delivery(
    study: str, series: str, identifiers: Identifiers, name: str, destination: str, outcome: str
) -> dict[str, Any]:
    """An attempt to deliver a result. study, series: UIDs. outcome: `delivered FILE`, or why not."""
    return {
        "event": DELIVERY,
        "study": identifiers.name(study),
        "series": identifiers.name(series),
        "names": identifiers.kind,
        "result": name,
        "destination": destination,
        "outcome": outcome,
    }


def left_out(study: str, series: str, identifiers: Identifiers, rule: str, images: int) -> dict[str, Any]:
    """Images of a series that are not classified. study, series: UIDs. rule: its name, as metrics have it."""
    return {
        "event": LEFT_OUT,
        "study": identifiers.name(study),
        "series": identifiers.name(series),
        "names": identifiers.kind,
        "rule": rule,
        "images": images,
    }


def _names(row: Mapping[str, Any], identifiers: Identifiers) -> dict[str, Any]:
    return {
        "study": _name(row, "study", identifiers),
        "series": _name(row, "series", identifiers),
        "names": identifiers.kind,
    }


def _name(row: Mapping[str, Any], column: str, identifiers: Identifiers) -> str:
    """As rows have it: hashed here where the row holds the identifier itself."""
    value = str(row[column] or "")
    return identifiers.name(value) if row["names"] == "uid" else value
