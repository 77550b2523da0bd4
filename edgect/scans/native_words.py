"""What libraries in C write on stderr by themselves: read, where it is known, and kept from the user."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from tempfile import TemporaryFile
from threading import Lock
from typing import BinaryIO, cast

STDERR = 2
_ONE_AT_A_TIME = Lock()
# no fork while stderr is another file, nor a lock in the child that nobody there would release
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_ONE_AT_A_TIME.acquire,
        after_in_parent=_ONE_AT_A_TIME.release,
        after_in_child=_ONE_AT_A_TIME.release,
    )


@contextmanager
def kept_from_stderr(known: re.Pattern[str]) -> Iterator[list[str]]:
    """Lines on stderr that begin as `known` does: in the list after the block, and nowhere else.

    For calls that hold the interpreter's lock: one thread is within at a time. Other lines, which another
    thread wrote meanwhile, go on to stderr. Where no file can be had to keep lines in, none is.
    """
    words: list[str] = []
    with _ONE_AT_A_TIME, ExitStack() as stack:
        try:
            before = _stderr()  # first: it may take the number 2, which a file must not have
            stack.callback(os.close, before)
            kept = stack.enter_context(_file())
        except OSError:
            yield words
            return
        os.dup2(kept.fileno(), STDERR)
        try:
            yield words
        finally:
            os.dup2(before, STDERR)
            kept.seek(0)
            for line in kept:
                text = line.decode(errors="replace").strip()
                if known.match(text):
                    words.append(text)
                else:
                    with suppress(OSError):
                        os.write(STDERR, line)


def _file() -> BinaryIO:
    """In memory where the system has such files."""
    if sys.platform == "linux":
        return os.fdopen(os.memfd_create("edgect"), "w+b")
    return cast(BinaryIO, TemporaryFile())


def _stderr() -> int:
    """Another descriptor of it. A process without stderr gets one that leads nowhere, and keeps it.

    Else its number would be the next file's that is opened, and libraries would write into that.
    """
    try:
        return os.dup(STDERR)
    except OSError:
        if (opened := os.open(os.devnull, os.O_WRONLY)) != STDERR:  # the lowest number that is free
            os.close(opened)
            raise
        return os.dup(STDERR)
