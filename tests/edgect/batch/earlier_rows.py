"""Rows as an earlier run would have written them, without a classifier."""

from __future__ import annotations

from edgect.rows.formats import Lines, Row, Value, encode
from edgect.rows.prediction import Prediction


def row(path: str, **more: Value) -> Row:
    """An ok row. more: columns that differ."""
    prediction = Prediction(
        path=path,
        status="ok",
        label="COVID-19",
        probability=0.75,
        reason="",
        frame=None,
        region="slice",
        model="cnn1",
        bundle="0" * 12,
        backend="onnxruntime",
        engine="1.2",
        precision="int8",
        threads=1,
        threshold=0.5,
        milliseconds=1.5,
        sha256="0" * 64,
    )
    return prediction.row() | more


def content(lines: Lines, *rows: Row) -> bytes:
    """What a file of these rows holds, its header too."""
    return encode(lines.header() + "".join(lines.line(each) for each in rows))
