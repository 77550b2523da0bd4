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
_REDIRECTION = Lock()
# no fork while stderr is another file, nor a lock in the child that nobody there would release
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_REDIRECTION.acquire,
        after_in_parent=_REDIRECTION.release,
        after_in_child=_REDIRECTION.release,
    )


@contextmanager
def captured_stderr(pattern: re.Pattern[str]) -> Iterator[list[str]]:
    """Lines on stderr that begin as `known` does: in the list after the block, and nowhere else.

    For calls that hold the interpreter's lock: one thread is within at a time. Other lines, which another
    thread wrote meanwhile, go on to stderr. Where no file can be had to keep lines in, none is.
    """
    messages: list[str] = []
    with _REDIRECTION, ExitStack() as stack:
        try:
            original = _duplicate_stderr()  # first: it may take the number 2, which a file must not have
            stack.callback(os.close, original)
            captured = stack.enter_context(_temporary_file())
        except OSError:
            yield messages
            return
        os.dup2(captured.fileno(), STDERR)
        try:
            yield messages
        finally:
            os.dup2(original, STDERR)
            captured.seek(0)
            for line in captured:
                text = line.decode(errors="replace").strip()
                if pattern.match(text):
                    messages.append(text)
                else:
                    with suppress(OSError):
                        os.write(STDERR, line)


def _temporary_file() -> BinaryIO:
    """In memory where the system has such files."""
    if sys.platform == "linux":
        return os.fdopen(os.memfd_create("edgect"), "w+b")
    return cast(BinaryIO, TemporaryFile())


def _duplicate_stderr() -> int:
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
