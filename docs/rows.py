"""What every column means, for docs/rows.md."""

from __future__ import annotations

from collections.abc import Sequence

from edgect.rows.columns import SERIES_COLUMNS, SLICE_COLUMNS, Column

TEXT = """\
<!-- Made by `python -m docs.generate` of edgect/rows/columns.py: change that file instead. -->
# The columns of rows

edgect writes one row for every slice, and with `--series` one row for every series. The columns and their
order are the same on the command line, over HTTP and in Python; `edgect.rows.schema()` and
`edgect.rows.schema("series")` give them as JSON schemas. A column is never left out: where a value is
missing, JSON has `null`, CSV an empty cell, and Python `None`.

## A row about a slice
`edgect classify --format csv` and `--format jsonl`, `POST /v1/classify`, and `edgect.Classifier`.

{slices}

With `pictures=true`, `POST /v1/classify` adds `file` (the number of the upload, counted from 0), `slice` and
`activation` (PNG in base64) to each row.

## A row about a series
`edgect classify --series FILE` and `POST /v1/series`. CSV holds lists as JSON in their cell.

{series}
"""


def table(columns: Sequence[Column]) -> str:
    head = "| column | type in Python | type in JSON | unit | values | meaning | since |"
    lines = [head, "|" + " --- |" * head.count(" | ") + " --- |"]
    lines += [
        f"| `{column.name}` | {_python(column)} | {' or '.join(column.json_types)} | {column.unit} "
        f"| {_values(column)} | {column.meaning} | {column.since} |"
        for column in columns
    ]
    return "\n".join(lines)


def page() -> str:
    return TEXT.format(slices=table(SLICE_COLUMNS), series=table(SERIES_COLUMNS))


def _python(column: Column) -> str:
    name = f"list[{column.type.__name__}]" if column.many else column.type.__name__
    return f"`{name}` or `None`" if column.nullable else f"`{name}`"


def _values(column: Column) -> str:
    if column.values:
        return ", ".join(f"`{value}`" if value else "empty" for value in column.values)
    if column.minimum is not None:
        return f"{column.minimum:g} {'and more' if column.maximum is None else f'to {column.maximum:g}'}"
    return f"`{column.pattern}`".replace("|", "\\|") if column.pattern else ""
