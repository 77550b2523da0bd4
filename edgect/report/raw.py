"""A file without a buffer: what was written is with the system, and a full disk is heard of at once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgect.errors import UsageError


class RawFile:
    """Appended to, read from and written over. Every method raises UsageError where the system refuses."""

    def __init__(self, path: Path, keep: int = 0) -> None:
        """keep: bytes of what is there that stay."""
        self._path = path
        with self._as_usage_error():
            self._file = open(path, "r+b" if keep else "w+b", buffering=0)  # noqa: SIM115
            if keep:
                self._file.truncate(keep)
        self._end = keep

    def append(self, content: bytes) -> int:
        """Returns where the content begins."""
        start = self._end
        self.overwrite(start, content)
        self._end += len(content)
        return start

    def overwrite(self, start: int, content: bytes) -> None:
        left = memoryview(content)
        with self._as_usage_error():
            self._file.seek(start)
            while left:
                left = left[self._file.write(left) :]

    def read(self, start: int, length: int) -> bytes:
        with self._as_usage_error():
            self._file.seek(start)
            content = self._file.read(length)
        if len(content) != length:
            raise UsageError(f"{self._path}: was cut short by another program")
        return content

    def close(self) -> None:
        """With everything on the disk."""
        with self._as_usage_error():
            os.fsync(self._file.fileno())
            self._file.close()

    @contextmanager
    def _as_usage_error(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UsageError(f"{self._path}: cannot be written ({error.strerror})") from error
