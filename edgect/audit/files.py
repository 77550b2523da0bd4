"""The files of a trail: a folder with one file for each day, in whose order the chain goes on."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from edgect.audit.chain import START, Link, NoLineError, is_object, read_line
from edgect.errors import UsageError

SUFFIX = ".jsonl"
TORN = "torn"  # the event of a line that accounts for what a crash cut short before it
_BLOCK = 1 << 16


def trail_files(paths: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """The files of trails, given as folders or as files, in the order of their days.

    Raises UsageError where there are none.
    """
    files: list[Path] = []
    for path in map(Path, paths):
        listed = sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path]
        if not listed:
            raise UsageError(f"{path}: holds no audit trail, which has files such as 2026-01-31{SUFFIX}")
        files += listed
    for file in files:
        if not file.is_file():
            raise UsageError(f"{file}: there is no such audit trail")
    return sorted(files, key=lambda file: file.name)


def end_of(files: Iterable[Path]) -> tuple[Link, bytes]:
    """Where the chain of a trail stands, and what follows that line in the last file: a line cut short.

    Raises OSError, and UsageError where the last line is not one that was cut short but another one.
    """
    torn = b""
    for number, file in enumerate(sorted(files, reverse=True)):
        link, rest = _last_line(file)
        if rest and number:
            raise UsageError(f"{file}: does not end with a whole line, though there is a later file")
        torn = torn or rest
        if link is not None:
            return link, torn
    return START, torn


def _last_line(file: Path) -> tuple[Link | None, bytes]:
    """The last whole line of a file, and what follows it. Read from the end: a day may have gigabytes."""
    with file.open("rb") as opened:
        length = opened.seek(0, os.SEEK_END)
        block = _BLOCK
        while True:
            start = max(0, length - block)
            opened.seek(start)
            pieces = opened.read().split(b"\n")
            if start:
                pieces = pieces[1:]  # which may begin in the middle of a line
            for place in range(len(pieces) - 2, -1, -1):  # the last piece has no line end
                try:
                    link = read_line(pieces[place]).link
                except NoLineError as error:
                    if is_object(pieces[place]):
                        raise UsageError(
                            f"{file}: the trail cannot go on, for of its last line {error}; run `edgect "
                            "audit verify`, keep the folder as it is, and name another one"
                        ) from error
                    continue
                return link, b"\n".join(pieces[place + 1 :])
            if not start:
                return None, b"\n".join(pieces)
            block *= 2


def torn_content(torn: bytes) -> Mapping[str, Any]:
    """What the line says that accounts for bytes which a crash cut short."""
    return {"event": TORN, "bytes": len(torn), "sha256": hashlib.sha256(torn).hexdigest()}


def accounts_for(content: Mapping[str, Any], torn: bytes) -> bool:
    """Whether a line is the one that accounts for these bytes."""
    return all(content.get(name) == value for name, value in torn_content(torn).items())
