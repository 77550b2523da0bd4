"""Reports as text for people: lines of at most 100 columns, in ASCII, so that any terminal shows them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping

WIDTH = 100


def wrapped(head: str, text: str, indent: int | None = None, *, break_on_hyphens: bool = True) -> list[str]:
    """Lines of `head` and `text`. indent: of the second line and later ones, by default `head`'s length."""
    lines = textwrap.wrap(
        text,
        WIDTH,
        initial_indent=head,
        subsequent_indent=" " * (len(head) if indent is None else indent),
        break_on_hyphens=break_on_hyphens,
    )
    return lines or [head]


def facts(values: Mapping[str, str], name_width: int, *, break_on_hyphens: bool = True) -> Iterator[str]:
    """A name and its value in a line each, or in as many as the value takes."""
    for name, value in values.items():
        yield from wrapped(name.ljust(name_width), value, break_on_hyphens=break_on_hyphens)


def row(name: str, cells: Iterable[str], name_width: int, cell_width: int) -> str:
    """A line of a table: its name to the left, cells to the right of their columns."""
    return name.ljust(name_width) + "".join(cell.rjust(cell_width) for cell in cells)


def notes(sentences: Iterable[str], *, break_on_hyphens: bool = True) -> Iterator[str]:
    """A paragraph for each."""
    for sentence in sentences:
        yield from wrapped("Note: ", sentence, break_on_hyphens=break_on_hyphens)


def document(lines: Iterable[str]) -> str:
    """All lines, each with a line break; what is not ASCII is escaped."""
    return "".join(f"{line}\n" for line in lines).encode("ascii", "backslashreplace").decode()
