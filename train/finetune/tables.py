"""A hospital's own tables as sources of training, their parts fixed at first use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edgect.errors import UsageError
from edgect.sources.about import About
from edgect.sources.parts import FixedParts, fixed_parts
from edgect.sources.table import read_table
from train.data.covid_ct import CLASSES, PART_TITLES, Part
from train.data.sources import OWN_TABLE, PARTS, Source, by_part, item_of


@dataclass(frozen=True)
class OwnTable:
    """A table with its slices by part, paths absolute. fixed: its parts and digest."""

    name: str
    path: Path
    source: Source
    fixed: FixedParts

    def record(self) -> dict[str, Any]:
        """What a run keeps: where the table is, of what content, with how many slices and patients."""
        parts = {part: self.source.part(part) for part in PARTS}
        return {
            "path": str(self.path),
            "sha256": self.fixed.digest,
            "unit": self.fixed.unit,
            "parts": {
                part: {
                    "slices": len(items),
                    "units": len({item.patient for item in items}),
                    "covid": sum(item.label for item in items),
                }
                for part, items in parts.items()
            },
        }


def read_own_table(path: Path) -> OwnTable:
    """Raises UsageError as `edgect.sources` does."""
    path = path.resolve()
    name = path.parent.name if path.name == OWN_TABLE else path.stem
    cases = read_table(str(path))
    about = About.of_table(path)
    about.check_groups(path, cases.files)
    fixed = fixed_parts(path, cases)
    if about.name == path.stem:
        about = replace(about, name=name)
    items = [
        item_of(case, name, str(Path(case.path).resolve()), about, f"{name}: {unit}")
        for case, unit in zip(fixed.cases, fixed.units, strict=True)
    ]
    return OwnTable(name, path, by_part(items, fixed.parts, about), fixed)


def check_tables(tables: Sequence[OwnTable]) -> None:
    """Raise UsageError for two tables of one name, and where all together lack a class in a part."""
    if double := [name for name, count in Counter(table.name for table in tables).items() if count > 1]:
        raise UsageError(f"two tables are called {double[0]}; rename one of them")
    trained_on: tuple[Part, ...] = ("train", "val")
    for part in trained_on:
        labels = {item.label for table in tables for item in table.source.part(part)}
        if missing := [name for label, name in CLASSES.items() if label not in labels]:
            raise UsageError(
                f"{', '.join(str(table.path) for table in tables)}: no {missing[0]} slice is in the "
                f"{PART_TITLES[part]} part; fine-tuning needs slices of both classes in it"
            )
