"""Whether a trail is as it was written: every line's hash, and that each line follows the one before.

What that cannot show: whether somebody who may write to the folder made all of the trail from some line on
anew, and whether lines are missing at its end. The hash of the last line, kept elsewhere, shows both.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from edgect.audit.chain import START, Line, Link, NoLineError, begins_with_an_object, is_object, read_line
from edgect.audit.files import TORN, accounts_for
from edgect.errors import EdgectError, UsageError

MAX_FAULTS = 100  # that are kept; all are counted
_UNACCOUNTED = "what stands here is no line, and no later line accounts for it"


class AlteredError(EdgectError):
    """A trail is not as it was written, so that nothing can be read off it."""


class Fault(NamedTuple):
    """row: of the file, from 1."""

    file: Path
    row: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.row:,}: {self.reason}"


@dataclass
class Verification:
    """What is found while a trail is read. lines: that are as they were written. first, last: of those.

    torn: lines that a crash cut short and that a later line accounts for. unfinished: bytes at the end, of
    a line that a crash, or a process that is still writing, has not finished. clock_set_back: lines with a
    time before that of the line above. head_line: the number of the line with the hash that was asked for.
    """

    head: str = ""
    files: int = 0
    lines: int = 0
    first: Line | None = None
    last: Line | None = None
    torn: int = 0
    unfinished: int = 0
    clock_set_back: int = 0
    head_line: int | None = None
    fault_count: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return (
            self.last is not None and not self.fault_count and (not self.head or self.head_line is not None)
        )

    def fault(self, file: Path, row: int, reason: str) -> None:
        self.fault_count += 1
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(Fault(file, row, reason))

    def take(self, line: Line) -> None:
        self.lines += 1
        self.first = self.first or line
        if self.last is not None and str(line.content.get("time")) < str(self.last.content.get("time")):
            self.clock_set_back += 1
        self.last = line
        if line.link.hash == self.head:
            self.head_line = line.link.number


def verify(files: Sequence[Path], head: str = "") -> Verification:
    """Read all of a trail. head: a hash that a line must have, empty for none. Raises UsageError."""
    found = Verification(head)
    for _ in read_lines(files, found):
        pass
    return found


def intact_lines(files: Sequence[Path]) -> Iterator[Line]:
    """The lines of a trail. Raises AlteredError before the first line behind a fault, and UsageError."""
    found = Verification()
    for line in read_lines(files, found):
        if found.faults:
            break
        yield line
    if found.faults:
        raise AlteredError(f"{found.faults[0]}; `edgect audit verify` lists all that is wrong")


def read_lines(files: Sequence[Path], found: Verification) -> Iterator[Line]:
    """The lines that are as they were written, in order; what is wrong with others goes to `found`.

    Raises UsageError where a file cannot be read.
    """
    expected: Link | None = None  # unknown: before the first line, and behind one that is no line
    for number, file in enumerate(files, 1):
        found.files += 1
        try:
            with file.open("rb") as rows:
                expected = yield from _read_file(file, rows, found, expected, number == len(files))
        except OSError as error:
            raise UsageError(f"{file}: cannot be read ({error.strerror or error})") from error


def _read_file(
    file: Path, rows: Iterable[bytes], found: Verification, expected: Link | None, is_last: bool
) -> Generator[Line, None, Link | None]:
    torn, torn_row = b"", 0
    for row, text in enumerate(rows, 1):
        try:
            line = read_line(text)
        except NoLineError as error:
            if is_object(text):
                found.fault(file, row, str(error))
                expected = error.claimed
            else:  # to be accounted for by the next line
                torn, torn_row = torn + text, torn_row or row
            continue
        if torn or line.content.get("event") == TORN:
            if accounts_for(line.content, torn.removesuffix(b"\n")):
                found.torn += 1
            else:
                found.fault(
                    file, torn_row or row, "what stands here is no line, and no later line accounts for it"
                )
                expected = None
            torn, torn_row = b"", 0
        _check_order(file, row, line, found, expected)
        expected = line.link
        found.take(line)
        yield line
    if torn and is_last and not begins_with_an_object(torn):
        found.unfinished = len(torn)
    elif torn:
        found.fault(file, torn_row, _UNACCOUNTED)
        expected = None
    return expected


def _check_order(file: Path, row: int, line: Line, found: Verification, expected: Link | None) -> None:
    if expected is None and line.link.number == 1:
        expected = START
    if expected is None:
        return
    if (line.previous, line.link.number) != (expected.hash, expected.number + 1):
        found.fault(
            file,
            row,
            f"number {line.link.number:,} does not follow number {expected.number:,}: lines between them "
            "were changed, removed or added",
        )
