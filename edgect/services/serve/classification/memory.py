"""Memory for what archives unpack to: nothing tells beforehand how much a request will come to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from edgect.errors import ScanError


class Memory:
    """A number of bytes, of which any thread may take some."""

    def __init__(self, most: int) -> None:
        self._free, self._lock = most, Lock()

    @contextmanager
    def taken(self, count: int) -> Iterator[None]:
        """Raises ScanError where there are not as many; to wait for them could take for ever."""
        with self._lock:
            if count > self._free:
                raise ScanError("the memory for unpacked archives is taken: send it again, or unpacked")
            self._free -= count
        try:
            yield
        finally:
            with self._lock:
                self._free += count
