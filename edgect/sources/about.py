"""What is known of a source besides its slices: a small JSON file beside the table, `TABLE.about.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from edgect.errors import UsageError


@dataclass(frozen=True)
class About:
    """name: of the source, the table's by default. licence, citation: empty where unknown.

    classes: what slices with COVID-19 and those without are, in words. positives_may_show_nothing: whether a
    slice labelled COVID-19 may be one on which nothing is to be seen, as where all slices of a series
    carry the patient's label.
    """

    name: str
    licence: str = ""
    citation: str = ""
    classes: str = ""
    positives_may_show_nothing: bool = False

    @classmethod
    def of_table(cls, table: str | Path) -> About:
        """From `TABLE.about.json`, where there is one. Raises UsageError for a file that cannot be used."""
        table = Path(table)
        file = table.with_suffix(".about.json")
        if not file.exists():
            return cls(table.stem)
        try:
            content = json.loads(file.read_bytes())
        except (OSError, ValueError) as error:
            raise UsageError(f"{file}: cannot be read ({error})") from error
        if faults := list(_faults(content)):
            raise UsageError(f"{file}: {'; '.join(faults)}")
        return cls(**{"name": table.stem, **content})


def _faults(content: Any) -> list[str]:
    if not isinstance(content, Mapping):
        return ["must hold a JSON object"]
    types = {field.name: bool if field.type == "bool" else str for field in fields(About)}
    unknown = [f"unknown key {key!r}; there are {', '.join(types)}" for key in content if key not in types]
    kinds = {str: "text", bool: "true or false"}
    return unknown + [
        f"{key} must be {kinds[types[key]]}"
        for key, value in content.items()
        if key in types and not isinstance(value, types[key])
    ]
