"""An inspection as text for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgect.rows.formats import printable
from edgect.rows.text_report import document, facts, row, wrapped
from edgect.sources.findings import Finding, plural
from edgect.sources.inspection import Inspection, Source, fixing
from edgect.sources.numbers import NAMES, Count
from edgect.sources.table import PARTS

NAME, CELL, GROUP = 14, 9, 14  # columns
SEVERITIES = {"error": "ERROR: ", "warning": "Warning: ", "note": "Note: "}


def table(inspection: Inspection) -> str:
    """All that an inspection says, ending in a line break."""
    lines: list[str] = []
    for source in inspection.sources:
        lines += [*_source(source), ""]
    if inspection.findings:
        lines += ["all sources together", *_findings(inspection.findings), ""]
    return document([*lines, _summary(inspection)])


def _source(source: Source) -> Iterator[str]:
    values = {
        "table": source.table,
        "source": source.name,
        "licence": source.licence or "unknown; it belongs in TABLE.about.json",
        "citation": source.citation,
        "classes": source.classes,
        "files": f"{source.files:,}, contents and labels {source.digest[:12]}",
        "parts": f"by {source.unit}, {fixing(source)}",
    }
    yield from facts(
        {name: printable(value) for name, value in values.items() if value}, NAME, break_on_hyphens=False
    )
    yield ""
    yield from _counts(source)
    yield ""
    yield from _findings(source.findings) if source.findings else ["Nothing stands out."]


def _counts(source: Source) -> Iterator[str]:
    """A line for each class, and for each group where there are groups; two columns for each part."""
    parts = [part for part in (*PARTS, "") if any(count.part == part for count in source.counts)]
    units = f"{source.unit}s"
    yield row("", [part or "no part" for part in parts], NAME + GROUP, 2 * CELL)
    yield row("", [name for _ in parts for name in (units, "slices")], NAME + GROUP, CELL)
    for label in (1, 0):
        own = [count for count in source.counts if count.label == label]
        groups = sorted({count.group for count in own})
        for group in groups:
            name = f"{NAMES[label]:<{NAME}}{_short(group)}"
            yield row(name, _cells([c for c in own if c.group == group], parts), NAME + GROUP, CELL)


def _cells(counts: Sequence[Count], parts: Sequence[str]) -> Iterator[str]:
    by_part = {count.part: count for count in counts}
    for part in parts:
        count = by_part.get(part)
        yield from (f"{count.units:,}", f"{count.slices:,}") if count else ("0", "0")


def _short(group: str) -> str:
    text = printable(group)
    return text if len(text) < GROUP else f"{text[: GROUP - 4]}..."


def _findings(findings: Sequence[Finding]) -> Iterator[str]:
    for each in findings:
        yield from wrapped(SEVERITIES[each.severity], printable(each.sentence), 4, break_on_hyphens=False)


def _summary(inspection: Inspection) -> str:
    if inspection.errors:
        return f"Not fit to calibrate or train with: {plural(inspection.errors, 'error')}."
    return "Fit to calibrate and train with, as far as this tells."
