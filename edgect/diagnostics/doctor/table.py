"""The report of an examination as text for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgect.diagnostics.doctor.report import DoctorReport, Finding
from edgect.rows.text_report import document, wrapped

MARGIN = 8  # columns for the verdict
NAME = 28
VERDICTS = {"ok": "ok", "note": "note", "fault": "FAULT"}
TITLES = {"raster": "pictures", "dicom": "DICOM, by transfer syntax"}


def table(report: DoctorReport) -> str:
    """All that the report says, ending in a line break."""
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    lines = [*wrapped("", f"edgect {report.edgect} on {versions}; {report.date}")]
    for part in dict.fromkeys(finding.part for finding in report.findings):
        lines += ["", TITLES.get(part, part)]
        for finding in report.findings:
            if finding.part == part:
                lines += _lines(finding)
    return document([*lines, "", _summary(report.findings), *wrapped("", report.notice)])


def _lines(finding: Finding) -> Iterator[str]:
    head = "  " + VERDICTS[finding.verdict].ljust(MARGIN - 2) + finding.name
    if len(head) < MARGIN + NAME:
        yield from wrapped(head.ljust(MARGIN + NAME), finding.message)
    else:
        yield from wrapped("", f"{head}: {finding.message}", MARGIN)
    if finding.advice:
        yield from wrapped(" " * MARGIN + "-> ", finding.advice)


def _summary(findings: Sequence[Finding]) -> str:
    faults = sum(finding.verdict == "fault" for finding in findings)
    notes = sum(finding.verdict == "note" for finding in findings)
    noted = f"{notes} {'note' if notes == 1 else 'notes'}"
    if not faults:
        return f"This machine is fit for edgect; {noted}."
    return f"This machine is NOT fit for edgect: {faults} {'fault' if faults == 1 else 'faults'}, {noted}."
