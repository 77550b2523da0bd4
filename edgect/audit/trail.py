"""The writer of a trail: one process at a time appends lines, and goes on after a crash."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self

from edgect.audit.chain import Link, whole_line, write_line
from edgect.audit.files import SUFFIX, end_of, torn_content
from edgect.errors import EdgectError, UsageError
from edgect.machine import atomic
from edgect.machine.lock import open_locked
from edgect.machine.version import __version__
from edgect.rows.identifiers import SALT_VARIABLE, Identifiers

LOCK = "lock"
Content = Mapping[str, Any]


class AuditError(EdgectError):
    """A line cannot be appended to the trail, so that no answer may be given."""


def _now() -> datetime:
    return datetime.now(UTC)


def owns(folder: Path, path: str | os.PathLike[str]) -> bool:
    """Whether a file belongs to the trail in a folder."""
    real = Path(os.path.realpath(path))
    return real.parent == Path(os.path.realpath(folder)) and (real.name == LOCK or real.suffix == SUFFIX)


class Trail:
    """A folder with a file of lines for each day (UTC), which the user alone may read.

    Lines hold no identifier: `identifiers` makes names of them, with a salt that must be the same every
    time. A line is in the file before `append` returns, so that a killed process loses none. What a crash
    cut short stays where it is, and the next line accounts for it.
    """

    def __init__(self, folder: Path, program: str, now: Callable[[], datetime] = _now) -> None:
        """program: what answers, such as `classify`. now: in UTC.

        Raises UsageError where the folder cannot be used, another process has it, or no salt can be kept.
        """
        self._folder, self._program, self._now = folder, program, now
        self._mutex = Lock()
        self._file: int | None = None
        self._name = ""
        self.identifiers = Identifiers()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = open_locked(folder / LOCK)
        except OSError as error:
            raise UsageError(f"--audit {folder}: cannot be used ({error.strerror or error})") from error
        if lock is None:
            raise UsageError(f"--audit {folder}: another edgect appends to it; name another folder")
        self._lock = lock
        try:
            if self.identifiers.kind and (why := self.identifiers.salt_warning):
                raise UsageError(f"--audit {folder}: {why}; set {SALT_VARIABLE}, so that names last")
            self._open()
        except OSError as error:
            self.close()
            raise UsageError(f"--audit {folder}: cannot be used ({error.strerror or error})") from error
        except BaseException:
            self.close()
            raise

    @property
    def head(self) -> Link:
        """The last line; whoever keeps its hash elsewhere can tell later whether lines went missing."""
        return self._head

    def append(self, *contents: Content, durable: bool = True) -> None:
        """Add lines, as they are, behind number, time, version and program.

        durable: whether they stay through a power cut too. Raises AuditError where they cannot be written;
        what is there of them is then taken for a line cut short.
        """
        with self._mutex:
            try:
                if self._file is None:
                    self._open()
                self._write(*contents)
                if durable:
                    self._sync()
            except OSError as error:
                self._close_file()
                raise AuditError(
                    f"--audit {self._folder}: cannot be written ({error.strerror or error}), and without its "
                    "line no answer is given"
                ) from error

    def close(self) -> None:
        """Sync and close; the next process may have the trail."""
        with self._mutex:
            if self._file is not None:
                with suppress(OSError):
                    self._sync()
            self._close_file()
            self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self) -> None:
        """Go on where the trail ends, and account for what a crash cut short there."""
        files = sorted(self._folder.glob(f"*{SUFFIX}"))
        self._head, torn = end_of(files)
        self._name = files[-1].name if files else ""
        if torn:
            self._open_file(self._name)
            if (line := whole_line(torn, self._head)) is not None:  # but for its end
                self._head = line.link
                self._write(before=b"\n", rotate=False)
            else:
                self._write(torn_content(torn), before=b"\n", rotate=False)
            self._sync()

    def _write(self, *contents: Content, before: bytes = b"", rotate: bool = True) -> None:
        now = self._now()
        name = max(self._name, f"{now:%Y-%m-%d}{SUFFIX}")  # never back, whatever becomes of the clock
        if rotate and (self._file is None or name != self._name):
            if self._file is not None:
                self._sync()
            self._open_file(name)
        head, lines = self._head, [before]
        for content in contents:
            stamp = {
                "time": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "edgect": __version__,
                "program": self._program,
            }
            line, head = write_line({**stamp, **content}, head)
            lines.append(line)
        assert self._file is not None
        rest = memoryview(b"".join(lines))
        while rest:
            rest = rest[os.write(self._file, rest) :]
        self._head = head

    def _open_file(self, name: str) -> None:
        self._close_file()
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._file = os.open(self._folder / name, flags, 0o600)
        self._name = name
        atomic.sync_folder(self._folder)

    def _sync(self) -> None:
        assert self._file is not None
        os.fsync(self._file)

    def _close_file(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                os.close(self._file)
            self._file = None
