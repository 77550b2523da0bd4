"""What the files of a source hold, by SHA-256: by it, data are known again on every machine."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from edgect.errors import ScanError, UsageError
from edgect.scans import read_bytes
from edgect.sources.labels import Case


@dataclass(frozen=True)
class Contents:
    """The cases of a table, or of a folder, with the SHA-256 of their files.

    sha256: of each case's file, in the order of the cases; empty for a file that could not be read.
    """

    table: Path
    cases: Sequence[Case]
    sha256: Sequence[str]

    @cached_property
    def paths(self) -> list[str]:
        """Of each case, from the table's folder on, or from the folder that it is; with `/` everywhere."""
        folder = self.table if self.table.is_dir() else self.table.parent
        return [Path(os.path.relpath(case.path, folder)).as_posix() for case in self.cases]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of contents and labels, whatever the files' names and order."""
        lines = sorted(f"{own} {case.label}" for own, case in zip(self.sha256, self.cases, strict=True))
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    @cached_property
    def table_sha256(self) -> str:
        """Of the table itself; empty for a folder."""
        return "" if self.table.is_dir() else hashlib.sha256(self.table.read_bytes()).hexdigest()


def read_contents(table: str | Path, cases: Sequence[Case]) -> Contents:
    """Read every file. Raises UsageError where one cannot be read."""
    return Contents(Path(table), cases, [_sha256(case.path) for case in cases])


def _sha256(path: str) -> str:
    try:
        return hashlib.sha256(read_bytes(path)).hexdigest()
    except ScanError as error:
        raise UsageError(f"{path}: cannot be read ({error}); mend the file, or take its line out") from error
