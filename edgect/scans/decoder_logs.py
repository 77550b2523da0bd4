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


class _DecoderSilence(logging.Filter):
    """No warnings while any thread is within: two threads in `catch_warnings` undo each other's filters.

    `with silenced as heard`: heard fills with what this thread's decoders would have logged.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self._depth = 0
        self._saved_filters = warnings.catch_warnings()
        self._thread = local()
        for name in LOGGERS:
            logging.getLogger(name).addFilter(self)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._reset_after_fork)

    def _reset_after_fork(self) -> None:
        """After a fork: other threads, which may have been within, are not in this process."""
        self._lock = Lock()
        depth = len(self._message_lists())
        if self._depth and not depth:
            self._saved_filters.__exit__(None, None, None)
        self._depth = depth

    def __enter__(self) -> list[str]:
        with self._lock:
            if not self._depth:
                self._saved_filters = warnings.catch_warnings()
                self._saved_filters.__enter__()
                warnings.simplefilter("ignore")
            self._depth += 1
        messages: list[str] = []
        self._message_lists().append(messages)
        return messages

    def __exit__(self, *_: object) -> None:
        self._message_lists().pop()
        with self._lock:
            self._depth -= 1
            if not self._depth:
                self._saved_filters.__exit__(None, None, None)

    def filter(self, record: logging.LogRecord) -> bool:
        message_lists = self._message_lists()
        if message_lists and record.levelno >= logging.WARNING:
            message_lists[-1].append(record.getMessage())
        return not message_lists

    def _message_lists(self) -> list[list[str]]:
        lists: list[list[str]] = self._thread.__dict__.setdefault("stack", [])
        return lists


silenced = _DecoderSilence()
