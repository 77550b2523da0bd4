"""The report as text for people, at most 100 columns wide and in ASCII, so that any terminal shows it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from edgect.diagnostics.doctor.report import DoctorReport, Finding

WIDTH = 100
MARGIN = 8  # columns for the verdict
NAME = 28
VERDICTS = {"ok": "ok", "note": "note", "fault": "FAULT"}
TITLES = {"raster": "pictures", "dicom": "DICOM, by transfer syntax"}


def table(report: DoctorReport) -> str:
    """All that the report says, ending in a line break."""
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    lines = [*_wrapped("", f"edgect {report.edgect} on {versions}; {report.date}")]
    for part in dict.fromkeys(finding.part for finding in report.findings):
        lines += ["", TITLES.get(part, part)]
        for finding in report.findings:
            if finding.part == part:
                lines += _lines(finding)
    text = "\n".join([*lines, "", *_sum(report.findings), *_wrapped("", report.notice)]) + "\n"
    return text.encode("ascii", "backslashreplace").decode()


def _lines(finding: Finding) -> Iterator[str]:
    head = "  " + VERDICTS[finding.verdict].ljust(MARGIN - 2) + finding.name
    if len(head) < MARGIN + NAME:
        yield from _wrapped(head.ljust(MARGIN + NAME), finding.message)
    else:
        yield from _wrapped("", f"{head}: {finding.message}", MARGIN)
    if finding.advice:
        yield from _wrapped(" " * MARGIN + "-> ", finding.advice)


def _sum(findings: Sequence[Finding]) -> list[str]:
    faults = sum(finding.verdict == "fault" for finding in findings)
    notes = sum(finding.verdict == "note" for finding in findings)
    noted = f"{notes} {'note' if notes == 1 else 'notes'}"
    if not faults:
        return [f"This machine is fit for edgect; {noted}."]
    return [f"This machine is NOT fit for edgect: {faults} {'fault' if faults == 1 else 'faults'}, {noted}."]


def _wrapped(head: str, text: str, indent: int | None = None) -> list[str]:
    rest = " " * (len(head) if indent is None else indent)
    return textwrap.wrap(text, WIDTH, initial_indent=head, subsequent_indent=rest) or [head]
