"""The columns of a row about a slice, and of a row about a series: the one place that describes them.

The forms of a row, their JSON schemas and `docs/rows.md` are made of these tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

JSON_TYPES = {str: "string", int: "integer", float: "number"}


@dataclass(frozen=True)
class Column:
    """One column.

    meaning: whole sentences. type: in Python; of a list's items, where `many`. nullable: None is allowed too
    (null in JSON, an empty cell in CSV). unit: empty where there is none. values: all that are allowed, where
    they can be listed. minimum, maximum: inclusive. decimals: in CSV and the table, None for as many as it
    takes. since: the first version of edgect that has the column.
    """

    name: str
    type: type[str] | type[int] | type[float]
    meaning: str
    nullable: bool = False
    many: bool = False
    unit: str = ""
    values: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""
    decimals: int | None = None
    since: str = "0.1.0"

    @property
    def json_types(self) -> tuple[str, ...]:
        """Names of JSON schema, in alphabetical order."""
        kind = "array" if self.many else JSON_TYPES[self.type]
        return tuple(sorted((kind, "null"))) if self.nullable else (kind,)

    def schema(self) -> dict[str, Any]:
        """JSON schema of a value."""
        kinds = self.json_types
        limits = {
            "enum": list(self.values),
            "minimum": self.minimum,
            "maximum": self.maximum,
            "pattern": self.pattern,
        }
        return {
            "type": kinds[0] if len(kinds) == 1 else list(kinds),
            **({"items": {"type": JSON_TYPES[self.type]}} if self.many else {}),
            **{keyword: limit for keyword, limit in limits.items() if limit not in (None, "", [])},
            "description": f"{self.meaning} Unit: {self.unit}." if self.unit else self.meaning,
        }


SLICE_COLUMNS = (
    Column("path", str, "The path or URL of the file, as it was given and unresolved."),
    Column(
        "status",
        str,
        "`ok` where there is an answer, `rejected` where the file was read but is nothing to give an answer "
        "on, and `error` where it could not be read or the engine failed.",
        values=("ok", "rejected", "error"),
    ),
    Column(
        "label",
        str,
        "The answer: with the bundled models `COVID-19`, `not COVID-19` or, within the band of an error "
        "rate, `indeterminate`. It is empty without an answer.",
    ),
    Column(
        "probability",
        float,
        "The probability of COVID-19. It is missing without an answer.",
        nullable=True,
        minimum=0,
        maximum=1,
        decimals=8,
    ),
    Column(
        "reason",
        str,
        "Why there is no answer, why there is no label, or why the answer is to be doubted; empty otherwise.",
    ),
    Column(
        "frame",
        int,
        "The number of the frame in a file of several frames, counted from 0. It is missing for other files.",
        nullable=True,
        minimum=0,
    ),
    Column(
        "region",
        str,
        "What the network saw: the whole `slice`, or a crop to the `lungs`. It is empty without an answer.",
        values=("slice", "lungs", ""),
    ),
    Column("model", str, "The name of the model's bundle."),
    Column(
        "bundle",
        str,
        "The first twelve hexadecimal digits of the SHA-256 of the bundle's manifest.",
        pattern="^[0-9a-f]{12}$",
    ),
    Column("backend", str, "The inference engine that ran the network.", values=("openvino", "onnxruntime")),
    Column("engine", str, "The version of the inference engine."),
    Column("precision", str, "The arithmetic of the network.", values=("int8", "fp32")),
    Column("threads", int, "How many cores the engine was allowed to use. They change no answer.", minimum=1),
    Column(
        "threshold",
        float,
        "The probability at and above which the label is COVID-19.",
        minimum=0,
        maximum=1,
    ),
    Column(
        "milliseconds",
        float,
        "How long decoding, pre-processing and inference took together.",
        unit="ms",
        minimum=0,
    ),
    Column(
        "sha256",
        str,
        "The SHA-256 of the file's content in hexadecimal digits. It is empty where the file could not be "
        "read.",
        pattern="^([0-9a-f]{64})?$",
    ),
    Column(
        "edgect",
        str,
        "The version of edgect that gave the row. No column holds the time, so that the same scans give the "
        "same rows again; the audit trail, reports and HTTP responses have it.",
        since="0.2.0",
    ),
    Column(
        "operating_point",
        str,
        "The operating point that the threshold belongs to, such as `balanced` or `screening`. It is empty "
        "for a threshold of the user's own.",
    ),
    Column(
        "error_rate",
        float,
        "The error rate that the indeterminate band was asked for. It is missing without a band.",
        nullable=True,
        minimum=0,
        maximum=1,
    ),
    Column(
        "study",
        str,
        "The name of the DICOM study: a salted hash of its UID, or the UID itself where identifiers were "
        "asked for. It is empty for other files.",
        since="0.2.0",
    ),
    Column(
        "series",
        str,
        "The name of the DICOM series: a salted hash of its UID, or the UID itself where identifiers were "
        "asked for. It is empty for pictures.",
    ),
    Column(
        "instance",
        str,
        "The name of the DICOM file: a salted hash of its UID, or the UID itself where identifiers were "
        "asked for. It is empty for pictures.",
    ),
    Column(
        "names",
        str,
        "How `study`, `series` and `instance` were made: `uid`, or `hash-` and eight digits that tell one "
        "salt from another. It is empty for pictures.",
        pattern="^(uid|hash-[0-9a-f]{8})?$",
    ),
    Column(
        "position",
        float,
        "The place of the slice along the normal of the slices. It is missing where the file does not say "
        "it.",
        nullable=True,
        unit="mm",
    ),
    Column(
        "normal",
        str,
        "The unit vector across the slice, towards the head, as `x y z` in the patient's coordinates of "
        "DICOM. It is empty where the file does not say it.",
    ),
    Column(
        "window",
        str,
        "The level and the width of the window that the greys were made with, as `level/width`. It is empty "
        "for pictures.",
        unit="HU",
    ),
    Column(
        "distance",
        float,
        "The Mahalanobis distance of the network's embedding to those of the training slices, by which "
        "slices that are out of distribution are rejected. It is missing where the network did not run.",
        nullable=True,
        minimum=0,
    ),
    Column("heat_map", str, "The file that the heat map was written to. It is empty where none was written."),
    Column(
        "series_number",
        int,
        "The number that the DICOM file gives its series. It is missing where there is none.",
        nullable=True,
        since="0.2.0",
    ),
    Column(
        "series_description",
        str,
        "What the DICOM file calls its series, as free text on one line. Words of the patient's name, the "
        "patient's number and six digits or more in a row are replaced with `…`. It is empty where there is "
        "none.",
        since="0.2.0",
    ),
    Column(
        "kernel",
        str,
        "The reconstruction kernel that the DICOM file names. It is empty where it names none.",
        since="0.2.0",
    ),
)

COLUMNS = tuple(column.name for column in SLICE_COLUMNS)
"""Names of the columns of a row about a slice, in order."""

PROVENANCE_COLUMNS = (
    "edgect",
    "bundle",
    "backend",
    "engine",
    "precision",
    "threshold",
    "operating_point",
    "error_rate",
)
"""Columns that say how an answer came about; threads change nothing in it."""

MODEL_COLUMNS = ("model", "bundle", "backend", "precision")
"""Columns of a row about a slice that a row about its series repeats."""

LABEL_COLUMNS = ("series_number", "series_description", "kernel")
"""Columns that tell two reconstructions of one acquisition apart, which a row about a series repeats too."""

SERIES_COLUMNS = (
    Column("series", str, "The name of the series, as in the rows of its slices."),
    Column(
        "rule_says",
        str,
        "The label that the rule gives the series: with the bundled models `COVID-19`, `not COVID-19` or "
        "`indeterminate`. It is empty without any answer.",
    ),
    Column("slices", int, "How many slices of the series have a row.", minimum=0),
    Column("answered", int, "How many of them have the status `ok`.", minimum=0),
    Column("rejected", int, "How many of them have the status `rejected`.", minimum=0),
    Column("errors", int, "How many of them have the status `error`.", minimum=0),
    Column("positive", int, "How many of them have the label COVID-19.", minimum=0),
    Column(
        "share_positive",
        float,
        "The share of the answered slices whose probability reaches the threshold, by which the rule goes. "
        "With an error rate some of these have no label. It is missing without any answer.",
        nullable=True,
        minimum=0,
        maximum=1,
    ),
    Column(
        "highest_smoothed",
        float,
        "The highest mean probability of a slice and its neighbours: where to look first, not what the rule "
        "goes by. It is missing without any answer.",
        nullable=True,
        minimum=0,
        maximum=1,
    ),
    Column(
        "highest_at",
        int,
        "The number of the slice with that mean, counted from 1 at the end towards the feet. "
        "It is missing without any answer.",
        nullable=True,
        minimum=1,
    ),
    Column("positive_numbers", int, "The numbers of the slices that have the label COVID-19.", many=True),
    Column(
        "positive_slices",
        str,
        "The paths of those slices, with the number of the frame in brackets where a file has several.",
        many=True,
    ),
    Column(
        "spacing",
        float,
        "The usual distance of neighbouring slices. It is missing where it is not known.",
        nullable=True,
        unit="mm",
        minimum=0,
    ),
    Column("doubts", str, "What is odd about the order of the slices, if anything is."),
    Column("smoothing", str, "What the probability of a slice was averaged over."),
    Column(
        "threshold",
        float,
        "The probability at and above which the rule counts a slice as positive.",
        minimum=0,
        maximum=1,
    ),
    Column("rule", str, "The rule in words, with its limits. It is not a validated diagnosis."),
    *(column for column in SLICE_COLUMNS if column.name in (*MODEL_COLUMNS, *LABEL_COLUMNS)),
)


def schema(of: Literal["slice", "series"] = "slice") -> dict[str, Any]:
    """JSON schema (draft 2020-12) of a row as JSON has it: about a slice, or about a series."""
    columns = SLICE_COLUMNS if of == "slice" else SERIES_COLUMNS
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"edgect's row about a {of}",
        "additionalProperties": False,
        **object_schema(columns),
    }


def object_schema(columns: Sequence[Column]) -> dict[str, Any]:
    """JSON schema of an object that has a value for every column."""
    return {
        "type": "object",
        "properties": {column.name: column.schema() for column in columns},
        "required": [column.name for column in columns],
    }
