"""A memory budget for what archives unpack to: how much that is, nobody knows beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from edgect.errors import ScanError


class MemoryBudget:
    """A number of bytes, of which any thread may reserve some."""

    def __init__(self, max_bytes: int) -> None:
        self._free, self._lock = max_bytes, Lock()

    @contextmanager
    def reserved(self, count: int) -> Iterator[None]:
        """Raises ScanError where too few are free; to wait for them could take for ever."""
        with self._lock:
            if count > self._free:
                raise ScanError("the memory for unpacked archives is in use: send it again, or unpacked")
            self._free -= count
        try:
            yield
        finally:
            with self._lock:
                self._free += count
