"""Pictures on the disk until their rows come, so that none waits in memory and a stopped run keeps them."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from pathlib import Path
from threading import Lock

from edgect.report.raw import RawFile
from edgect.report.thumbnail import Pictures

# key, slice and map, the latter two in base64 or "-" where there is none
_LINE = re.compile(rb"(\S+) (-|[A-Za-z0-9+/]+=*) (-|[A-Za-z0-9+/]+=*)\n")


class Spool:
    """Pictures by key, in a file of one line each. May be used by several threads.

    Keys hold no white space. Methods raise UsageError where the file cannot be written.
    """

    def __init__(self, path: Path, made_with: str, resume: bool = False) -> None:
        """made_with: one line that tells whether pictures of an earlier run are the same as new ones.

        resume: take up the pictures that are there. Nothing is written before the first picture.
        """
        self._path, self._header = path, made_with.encode() + b"\n"
        self._lines: dict[str, tuple[int, int]] = {}  # where each begins, and its length
        self._lock = Lock()
        self._file: RawFile | None = None
        self._kept = self._read() if resume else 0

    def __contains__(self, key: str) -> bool:
        return key in self._lines

    def put(self, key: str, pictures: Pictures | None) -> None:
        """None: that there are no pictures is known too."""
        parts = (pictures.slice, pictures.map) if pictures else (None, None)
        line = b" ".join([key.encode(), *(b64encode(part) if part else b"-" for part in parts)]) + b"\n"
        with self._lock:
            self._lines[key] = (self._open().append(line), len(line))

    def take(self, key: str) -> Pictures | None:
        with self._lock:
            if key not in self._lines:
                return None
            match = _LINE.fullmatch(self._open().read(*self._lines[key]))
        if match is None or match[2] == b"-":
            return None
        return Pictures(b64decode(match[2]), None if match[3] == b"-" else b64decode(match[3]))

    def remove(self) -> None:
        if self._file is not None:
            self._file.close()
        self._path.unlink(missing_ok=True)

    def _open(self) -> RawFile:
        if self._file is None:
            self._file = RawFile(self._path, self._kept)
            if not self._kept:
                self._file.append(self._header)
        return self._file

    def _read(self) -> int:
        """Note the lines of an earlier run up to one that was cut short; returns how far it is good."""
        try:
            with self._path.open("rb") as file:
                good = len(self._header)
                if file.readline() != self._header:
                    return 0
                for line in file:
                    if (match := _LINE.fullmatch(line)) is None:
                        break
                    self._lines[match[1].decode(errors="replace")] = (good, len(line))
                    good += len(line)
                return good
        except OSError:
            return 0
