"""Decoders warn and log of what the row's reason says already, and may quote what the file holds."""

from __future__ import annotations

import logging
import os
import warnings
from threading import Lock, local

LOGGERS = (
    "pydicom",
    "pydicom.pixels.decoders.base",
    "pydicom.pixels.utils",
    "openjpeg.utils",
    "pylibjpeg.utils",
    "nibabel.global",
    "PIL.ImageFile",
    "PIL.PngImagePlugin",
    "PIL.TiffImagePlugin",
)


class _Quiet(logging.Filter):
    """No warnings while any thread is within: two threads in `catch_warnings` undo each other's filters.

    `with quiet as heard`: heard fills with what this thread's decoders would have logged.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self._within = 0
        self._before = warnings.catch_warnings()
        self._thread = local()
        for name in LOGGERS:
            logging.getLogger(name).addFilter(self)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._alone)

    def _alone(self) -> None:
        """After a fork: other threads, which may have been within, are not in this process."""
        self._lock = Lock()
        within = len(self._listening())
        if self._within and not within:
            self._before.__exit__(None, None, None)
        self._within = within

    def __enter__(self) -> list[str]:
        with self._lock:
            if not self._within:
                self._before = warnings.catch_warnings()
                self._before.__enter__()
                warnings.simplefilter("ignore")
            self._within += 1
        heard: list[str] = []
        self._listening().append(heard)
        return heard

    def __exit__(self, *_: object) -> None:
        self._listening().pop()
        with self._lock:
            self._within -= 1
            if not self._within:
                self._before.__exit__(None, None, None)

    def filter(self, record: logging.LogRecord) -> bool:
        listening = self._listening()
        if listening and record.levelno >= logging.WARNING:
            listening[-1].append(record.getMessage())
        return not listening

    def _listening(self) -> list[list[str]]:
        stack: list[list[str]] = self._thread.__dict__.setdefault("stack", [])
        return stack


quiet = _Quiet()
