"""Standard streams that are closed, full or gone: nothing gets into other files, or is lost in silence."""

from __future__ import annotations

import io
import os
import select
import sys
from contextlib import suppress
from typing import TextIO

import click

from edgect.errors import UsageError


class StdoutError(click.ClickException):
    """What was to go to stdout did not."""

    exit_code = 2


class _Stdout(io.FileIO):
    """Says in one line what cannot be written, once: at its end the interpreter tries the same again."""

    _failed = False

    def write(self, content: object) -> int:
        length = memoryview(content).nbytes  # type: ignore[arg-type]
        if self._failed:
            return length
        try:
            while (written := super().write(content)) is None:  # type: ignore[arg-type]
                select.select([], [self], [])  # somebody made it one that does not wait
            return written
        except BrokenPipeError:  # click ends quietly
            self._failed = True
            raise
        except OSError as error:
            self._failed = True
            raise StdoutError(f"stdout: cannot be written ({error.strerror})") from error


class _Stderr(io.FileIO):
    """Words that nobody can be told do not change what becomes of the rows."""

    def write(self, content: object) -> int:
        length = memoryview(content).nbytes  # type: ignore[arg-type]
        with suppress(OSError):
            return super().write(content) or length  # type: ignore[arg-type]
        return length


def prepare() -> None:
    """Before any file is opened; of streams that another program put in their place, nothing is changed."""
    _reserve()
    if sys.stdout is sys.__stdout__:
        sys.stdout = _over(_Stdout, 1, sys.stdout, "strict")
    if sys.stderr is sys.__stderr__:
        sys.stderr = _over(_Stderr, 2, sys.stderr, "backslashreplace")


def on_terminal(stream: TextIO | None) -> bool:
    """Whether somebody looks on. A program that is started without a console has no streams at all."""
    return stream is not None and not stream.closed and stream.isatty()


def stdout_for_rows(form: str) -> TextIO:
    """Stdout, made to take any file name, also one that is not UTF-8 or that the terminal's encoding lacks.

    Raises UsageError where there is none.
    """
    if sys.stdout is None:
        raise UsageError("there is no stdout: name a file with -o")
    if isinstance(sys.stdout, io.TextIOWrapper):
        table = form == "table"
        sys.stdout.reconfigure(
            encoding=sys.stdout.encoding if table else "utf-8",
            errors="backslashreplace" if table else "surrogateescape",
        )
    return sys.stdout


def _reserve() -> None:
    """Take the numbers 0 to 2 where they are closed.

    The next file to be opened would get one, and in it what libraries write for the terminal. Opened for
    reading, so that what is written is refused rather than swallowed.
    """
    with suppress(OSError):
        while (number := os.open(os.devnull, os.O_RDONLY)) <= 2:
            os.set_inheritable(number, True)
        os.close(number)


def _over(kind: type[io.FileIO], number: int, before: TextIO | None, errors: str) -> TextIO | None:
    if sys.platform == "win32" and before is not None and before.isatty():
        return before  # its console is no file
    try:
        buffer = io.BufferedWriter(kind(number, "w", closefd=False))
    except OSError:
        return before
    if before is None:
        return io.TextIOWrapper(buffer, "utf-8", errors, line_buffering=number == 2)
    return io.TextIOWrapper(
        buffer, before.encoding, before.errors, line_buffering=number == 2 or before.isatty()
    )
