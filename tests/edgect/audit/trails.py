"""Trails without a classifier."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from edgect.audit.chain import START, read_line, write_line
from edgect.audit.contents import answer
from edgect.audit.trail import Trail
from edgect.audit.verification import Verification, verify
from tests.edgect.batch import earlier_rows

DAY = datetime(2026, 1, 31, 12, tzinfo=UTC)


def clock(start: datetime = DAY, step: timedelta = timedelta(hours=5)) -> Callable[[], datetime]:
    """One that goes on by `step` with each line."""

    def times() -> Iterator[datetime]:
        now = start
        while True:
            yield now
            now += step

    running = times()
    return lambda: next(running)


def write(folder: Path, *rows: dict[str, Any], step: timedelta = timedelta(hours=5)) -> Path:
    """Append a line for each row, of which columns that differ from others are given."""
    with Trail(folder, "classify", now=clock(step=step)) as trail:
        for row in rows:
            trail.append(answer(earlier_rows.row("scan.png", **row), trail.identifiers, "rows"))
    return folder


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jsonl"))


def contents(folder: Path) -> list[dict[str, Any]]:
    """Of all lines, in order."""
    return [
        dict(read_line(line).content) for file in files(folder) for line in file.read_bytes().splitlines()
    ]


def check(folder: Path, head: str = "") -> Verification:
    return verify(files(folder), head)


def forge(folder: Path, number: int, **change: Any) -> None:
    """Change a line, and make it and all lines after it anew, as whoever may write can."""
    link = START
    for file in files(folder):
        forged = b""
        for text in file.read_bytes().splitlines():
            content = dict(read_line(text).content)
            own = {
                name: value for name, value in content.items() if name not in ("number", "previous", "hash")
            }
            line, link = write_line(own | (change if link.number + 1 == number else {}), link)
            forged += line
        file.write_bytes(forged)
