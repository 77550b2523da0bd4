"""What a table of labelled slices holds and whether it will do: as data whose names stay, the JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from edgect.errors import UsageError
from edgect.sources.about import About
from edgect.sources.audit import audit, audit_together
from edgect.sources.findings import Finding
from edgect.sources.labels import Words, listed
from edgect.sources.numbers import Count, counts
from edgect.sources.parts import Unit, fixed_parts
from edgect.sources.table import read_table
from edgect.sources.thumbnails import read_thumbnails

SCHEMA = 1
Progress = Callable[[int, int], object]


@dataclass(frozen=True)
class Source:
    """table: as it was given. name, licence, citation, classes: of `About`. files: that it stands for.

    digest: SHA-256 of contents and labels. unit: what is never in two parts. parts_by: whether the parts
    are those of the table, on record, or drawn now and still to be fixed.
    """

    table: str
    name: str
    licence: str
    citation: str
    classes: str
    files: int
    digest: str
    unit: Unit
    parts_by: Literal["table", "record", "draw"]
    counts: list[Count]
    findings: list[Finding]


@dataclass(frozen=True)
class Inspection:
    """schema: 1; another number if a name goes or changes its meaning. findings: on all sources together."""

    schema: int
    sources: list[Source]
    findings: list[Finding]

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        every = [*self.findings, *(each for source in self.sources for each in source.findings)]
        return sum(each.severity == "error" for each in every)

    def to_json(self) -> str:
        """One object of these names, nested as here."""
        return json.dumps(asdict(self), indent=2) + "\n"


def inspect_tables(
    tables: Sequence[str], words: Words, progress: Callable[[str], AbstractContextManager[Progress]]
) -> Inspection:
    """Read tables and every slice of them; nothing is written, parts that are not fixed stay so.

    progress: gives for a table what is told how many of its files are read, of how many.

    Raises UsageError for a table that cannot be used, two of the same name, or a group that no slice has.
    """
    abouts = [About.of_table(table) for table in tables]
    names = [about.name for about in abouts]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(
            f"two tables are named {listed(twice)}; rename a table, or its TABLE.about.json's name"
        )
    cases = [read_table(table, words) for table in tables]
    for table, about, listed_in in zip(tables, abouts, cases, strict=True):
        about.check_groups(table, listed_in.files)
    labels = [{case.label for case in own.files} for own in cases]
    parts = [fixed_parts(table, own, fix=False) for table, own in zip(tables, cases, strict=True)]
    sources = []
    for place, (table, about) in enumerate(zip(tables, abouts, strict=True)):
        elsewhere = set().union(*labels[:place], *labels[place + 1 :])
        own = parts[place]
        parts_by: Literal["table", "record", "draw"] = "draw" if own.unfixed else "record"
        with progress(table) as report:
            thumbnails = read_thumbnails(own.cases, report)
        sources.append(
            Source(
                table=table,
                name=about.name,
                licence=about.licence,
                citation=about.citation,
                classes=about.classes,
                files=len(own.cases),
                digest=own.digest,
                unit=own.unit,
                parts_by="table" if cases[place].has_parts else parts_by,
                counts=counts(own, thumbnails.slices),
                findings=audit(cases[place], own, about, thumbnails, elsewhere),
            )
        )
    return Inspection(SCHEMA, sources, audit_together(dict(zip(names, parts, strict=True))))


def fixing(source: Source) -> str:
    """In words, what fixes the parts of a source."""
    record = Path(source.table).with_suffix(".parts.json").name
    return {
        "table": "as the column part has them",
        "record": f"as they are on record in {record}",
        "draw": f"as they would be drawn now; the first calibration or training fixes them in {record}",
    }[source.parts_by]
