from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import numpy as np
import pytest

import docs.rows
from edgect.model.backends import BACKENDS, PRECISIONS
from edgect.model.preprocess.steps import Region
from edgect.rows import schema
from edgect.rows.columns import COLUMNS, SERIES_COLUMNS, SLICE_COLUMNS, Column
from edgect.rows.prediction import Prediction
from tests.edgect.conftest import Classify
from tests.edgect.scans.dicom_files import ct, write
from tests.volume_inputs import hounsfield

ROOT = Path(__file__).parents[3]
JSON_TYPES = {str: "string", int: "integer", float: "number", NoneType: "null", list: "array", dict: "object"}


def faults(schema: Mapping[str, Any], value: Any) -> list[str]:
    """What a JSON schema says against a value. A keyword that is not known here is a KeyError."""
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    number = isinstance(value, int | float)
    checks = {
        "$schema": lambda _: True,
        "title": bool,
        "description": lambda text: text.endswith("."),
        "type": lambda _: JSON_TYPES[type(value)] in kinds or (type(value) is int and "number" in kinds),
        "enum": lambda allowed: value in allowed,
        "minimum": lambda least: not number or value >= least,
        "maximum": lambda most: not number or value <= most,
        "pattern": lambda pattern: re.search(pattern, value),
        "items": lambda of: not any(faults(of, item) for item in value),
        "properties": lambda of: not any(faults(of[name], value[name]) for name in of),
        "required": lambda names: set(names) <= set(value),
        "additionalProperties": lambda more: more or set(value) <= set(schema["properties"]),
    }
    return [keyword for keyword, wanted in schema.items() if not checks[keyword](wanted)]


def flat(hint: Any) -> set[Any]:
    """The types and literal values that a type hint allows."""
    if get_origin(hint) is Literal or not get_args(hint):
        return set(get_args(hint)) or {hint}
    return set().union(*map(flat, get_args(hint)))


def test_the_columns_are_the_fields_of_a_prediction() -> None:
    hints = get_type_hints(Prediction, localns={"Region": Region, "np": np})
    names = [name for name in hints if name not in ("pixels", "hounsfield", "evidence")]
    assert names == [column.name for column in SLICE_COLUMNS] == list(COLUMNS)
    for column in SLICE_COLUMNS:
        allowed = flat(hints[column.name])
        assert (NoneType in allowed) == column.nullable, column.name
        literal = {value for value in allowed if isinstance(value, str)}
        if literal:
            assert (literal, column.type) == (set(column.values), str), column.name
        else:
            assert allowed - {NoneType} == {column.type}, column.name


def test_values_of_columns_are_those_that_there_are() -> None:
    columns = {column.name: column for column in SLICE_COLUMNS}
    assert set(columns["backend"].values) == set(BACKENDS)
    assert set(columns["precision"].values) == set(PRECISIONS)


@pytest.mark.parametrize("column", [*SLICE_COLUMNS, *SERIES_COLUMNS], ids=lambda column: column.name)
def test_every_column_is_described_in_whole_sentences(column: Column) -> None:
    assert column.meaning.endswith(".")
    assert column.meaning[0].isupper() or column.meaning[0] == "`"
    assert re.fullmatch(r"\d+\.\d+\.\d+", column.since)


def test_rows_satisfy_the_schema(classify: Classify, mixed: tuple[Path, dict[str, str]]) -> None:
    folder, statuses = mixed
    done = classify(folder, "--format", "jsonl", "--backend", "onnxruntime", "--error-rate", "0.1")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row["status"] for row in rows} == set(statuses.values())
    for row in rows:
        wrong = {name: faults(of, row[name]) for name, of in schema()["properties"].items()}
        assert wrong == {name: [] for name in COLUMNS}
        assert faults(schema(), row) == []


def test_rows_of_dicom_files_and_of_their_series_satisfy_the_schemas(
    classify: Classify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGECT_SALT", "ward 7")
    for number in range(3):
        dataset = ct(hounsfield(number), ImagePositionPatient=[0, 0, -5 * number])
        (tmp_path / f"IM{number}").write_bytes(write(dataset))
    series = tmp_path / "series.jsonl"
    files = [tmp_path / f"IM{number}" for number in range(3)]
    done = classify(*files, "--format", "jsonl", "--backend", "onnxruntime", "--series", series)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["position"] for row in rows] == [0, -5, -10]
    assert [faults(schema(), row) for row in rows] == [[]] * 3
    (row,) = map(json.loads, series.read_text().splitlines())
    assert list(row) == [column.name for column in SERIES_COLUMNS]
    wrong = {name: faults(of, row[name]) for name, of in schema("series")["properties"].items()}
    assert wrong == {name: [] for name in row}
    assert faults(schema("series"), row) == []


@pytest.mark.parametrize(
    ("change", "keyword"),
    [
        ({"status": "perhaps"}, "properties"),
        ({"probability": 1.5}, "properties"),
        ({"frame": "0"}, "properties"),
        ({"bundle": "none"}, "properties"),
        ({"patient": "Anna"}, "additionalProperties"),
    ],
)
def test_other_rows_do_not(classify: Classify, scan: Path, change: dict[str, Any], keyword: str) -> None:
    row = json.loads(classify(scan, "--format", "jsonl", "--backend", "onnxruntime").stdout)
    assert faults(schema(), row) == []
    assert faults(schema(), row | change) == [keyword]


def test_the_page_of_the_columns_is_that_of_the_code() -> None:
    assert (ROOT / "docs/rows.md").read_text(encoding="utf-8") == docs.rows.page(), (
        "write it again: python -m docs.generate"
    )
