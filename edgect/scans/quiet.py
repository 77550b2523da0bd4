"""Decoders warn of what the row's reason says already."""

from __future__ import annotations

import warnings
from threading import Lock


class _Quiet:
    """No warnings while any thread is within: two threads in `catch_warnings` undo each other's filters."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._within = 0
        self._before = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            if not self._within:
                self._before = warnings.catch_warnings()
                self._before.__enter__()
                warnings.simplefilter("ignore")
            self._within += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._within -= 1
            if not self._within:
                self._before.__exit__(None, None, None)


quiet = _Quiet()
