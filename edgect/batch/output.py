"""Where rows go: to stdout, or to FILE.partial, which becomes FILE when all are there."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import BinaryIO, Protocol, TextIO

from edgect.errors import UsageError
from edgect.machine.atomic import sync, sync_folder
from edgect.machine.lock import open_locked
from edgect.rows.formats import Lines, Row, Span, encode

SYNC = 10.0  # seconds: what a power cut may cost
_CHUNK = 2**20


class RowOutput(Protocol):
    @property
    def kept_in_words(self) -> str:
        """What is left to a later run, in words; empty where nothing is."""
        ...

    def write(self, row: Row) -> None: ...

    def keep(self, row: Row, span: Span) -> None:
        """The next row is one that the file of an interrupted run holds already, at a place in it."""
        ...


class CallbackRows:
    """Rows to somebody's function."""

    kept_in_words = ""

    def __init__(self, write: Callable[[Row], object]) -> None:
        self._write = write

    def write(self, row: Row) -> None:
        self._write(row)

    def keep(self, row: Row, span: Span) -> None:
        self._write(row)


class StreamRows:
    """Rows on stdout or another open text stream."""

    kept_in_words = ""

    def __init__(self, lines: Lines, file: TextIO) -> None:
        self.lines, self._file = lines, file
        self._emit(lines.header())

    def write(self, row: Row) -> None:
        """Append one row and flush it: what is known survives whatever comes next."""
        self._emit(self.lines.line(row))

    def keep(self, row: Row, span: Span) -> None:
        self.write(row)

    def _emit(self, line: str) -> None:
        try:
            self._file.write(line)
            self._file.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            name = "stdout" if self._file is sys.stdout else getattr(self._file, "name", "stream")
            raise UsageError(f"{name}: cannot be written ({error.strerror})") from error


class FileRows:
    """Rows in FILE.partial, of this run and of those before it, in the order in which they were found.

    `edgect.machine.atomic.replacing` would not do: FILE.partial outlasts a run that fails.
    FILE has them in the order in which they were written or kept here. In most runs that is the same
    and FILE.partial gets its name; else it is copied, row by row. Nothing but a cut last row is ever
    taken out of FILE.partial, so that a kill costs at most the file it was at, a power cut the last
    `SYNC` seconds.

    earlier: what FILE.partial holds of a run before.
    """

    def __init__(self, lines: Lines, output: Path, file: BinaryIO) -> None:
        self.lines, self.output, self._partial = lines, output, file
        self._end, self._held, self._order = 0, 0, list[Span]()
        self._synced = monotonic()
        file.seek(0)
        self.earlier = file.readall()  # type: ignore[attr-defined]  # a raw file: opened unbuffered

    def begin(self, kept: bytes, held: int = 0) -> None:
        """kept: beginning of the earlier content that stays, header and all. held: rows in it."""
        self._held = held
        with self._or_usage_error():
            if not self.earlier.startswith(kept) or not kept:
                self._partial.truncate(0)
                self._append(kept or encode(self.lines.header()))
            else:
                self._partial.truncate(len(kept))
                self._end = len(kept)
        self._place((0, len(encode(self.lines.header()))))

    @property
    def kept_in_words(self) -> str:
        if self.lines.form == "table" or not self._held:
            return ""
        return f"{self._held} rows are kept in {partial_of(self.output).name}"

    def read(self, path: Path) -> bytes:
        with self._or_usage_error():
            return path.read_bytes()

    def set_aside(self) -> Path:
        """Copy the earlier content to a name of its own; returns that."""
        number = 1
        while True:
            path = self.output.with_name(f"{self.output.name}.partial.{number}")
            with self._or_usage_error(), suppress(FileExistsError), path.open("xb") as file:
                file.write(self.earlier)
                return path
            number += 1

    def write(self, row: Row) -> None:
        start = self._end
        with self._or_usage_error():
            self._append(encode(self.lines.line(row)))
            if monotonic() - self._synced > SYNC:
                sync(self._partial)
                self._synced = monotonic()
        self._held += 1
        self._place((start, self._end))

    def keep(self, row: Row, span: Span) -> None:
        self._place(span)

    def _place(self, span: Span) -> None:
        if self._order and self._order[-1][1] == span[0]:
            span = (self._order.pop()[0], span[1])
        self._order.append(span)

    def finish(self) -> None:
        """All rows are there: make FILE."""
        with self._or_usage_error():
            whole = self._order == [(0, self._end)]
            done = partial_of(self.output)
            if whole:
                sync(self._partial)
            else:
                done = ordered_of(self.output)
                self._copy(done)
            if os.name == "nt":  # cannot rename what is open
                self._partial.close()
            os.replace(done, self.output)
            for left in (partial_of(self.output), ordered_of(self.output)):
                left.unlink(missing_ok=True)
            sync_folder(self.output.parent)

    def _copy(self, path: Path) -> None:
        with path.open("wb") as file:
            for start, end in self._order:
                self._partial.seek(start)
                while start < end:
                    part = self._partial.read(min(_CHUNK, end - start))
                    if not part:
                        raise OSError(None, f"{partial_of(self.output).name} was cut by someone else")
                    start += file.write(part)
            file.flush()
            sync(file)

    def _append(self, content: bytes) -> None:
        start = self._end
        try:
            while content:
                written = self._partial.write(content)
                content, self._end = content[written:], self._end + written
        except OSError:
            with suppress(OSError):  # so that it ends with a whole row
                self._partial.truncate(start)
            self._end = start
            raise

    @contextmanager
    def _or_usage_error(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            later = f"; {self.kept_in_words}, and --resume goes on from there" if self.kept_in_words else ""
            raise UsageError(f"{self.output}: cannot be written ({error.strerror}){later}") from error


@contextmanager
def open_rows(lines: Lines, output: Path | TextIO | Callable[[Row], object] | None) -> Iterator[RowOutput]:
    """Open an output; at a good end of a file's, FILE.partial becomes FILE. None: rows go nowhere.

    Of a `FileRows`, `begin` is to be called before the first row. Raises UsageError when the file
    cannot be written, or another process writes it.
    """
    if output is None:
        yield CallbackRows(lambda row: None)
        return
    if not isinstance(output, Path):
        yield CallbackRows(output) if callable(output) else StreamRows(lines, output)
        return
    partial = partial_of(output)
    for path in (output, partial):
        if path.exists() and not path.is_file():
            raise UsageError(f"{path}: not a regular file; without -o the rows go to stdout")
    try:
        file = open_locked(partial)
    except OSError as error:
        raise UsageError(f"{output}: cannot be written ({error.strerror})") from error
    if file is None:
        raise UsageError(f"{output}: another edgect is writing it; wait for it, or name another output")
    with file:
        rows = FileRows(lines, output, file)
        yield rows
        rows.finish()


def partial_of(output: Path) -> Path:
    return output.with_name(output.name + ".partial")


def ordered_of(output: Path) -> Path:
    return output.with_name(output.name + ".ordered")


def belongs_to(output: Path, path: str | os.PathLike[str]) -> bool:
    """Whether a file is an output or was made for it."""
    candidate, own = Path(os.path.realpath(path)), Path(os.path.realpath(output))
    names = (own, ordered_of(own))
    return candidate in names or (
        candidate.parent == own.parent and candidate.name.startswith(partial_of(own).name)
    )
