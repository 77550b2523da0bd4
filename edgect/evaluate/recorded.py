"""What of an evaluation goes into its record: the contents of the files, and the figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from edgect.evaluate.report import Report
from edgect.evaluate.rows import LabelledSlice
from edgect.sources.contents import Contents
from edgect.sources.labels import Cases

_ELSEWHERE = ("schema", "notice", "date", "version", "model", "notes")  # in the record, or no figures


def contents(source: str, cases: Cases, slices: Sequence[LabelledSlice]) -> Contents:
    """Of the files as their rows have them, so that none is read again."""
    sha256 = {each.case.path: each.sha256 for each in slices}
    return Contents(Path(source), cases.files, [sha256.get(case.path, "") for case in cases.files])


def figures(report: Report) -> dict[str, Any]:
    """All of the report's but what hangs on the place where the source lies."""
    values = asdict(report)
    del values["data"]["source"]
    return {name: value for name, value in values.items() if name not in _ELSEWHERE}
