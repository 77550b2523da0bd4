"""What commands say on stderr beside their errors: progress, where that is a terminal, and warnings."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import click

from edgect.cli.streams import on_terminal


class Progress:
    """A bar that appears with the first call and ends with the `with` block."""

    def __init__(self, hidden: bool = False, label: str = "classifying") -> None:
        self._label = label
        self._hidden = hidden or not on_terminal(sys.stderr)
        self._opened = ExitStack()
        self._bar: Any = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *exception: object) -> None:
        self._opened.close()

    def __call__(self, done: int, files: int) -> None:
        if self._bar is None:
            self._bar = self._opened.enter_context(
                click.progressbar(
                    length=files, label=self._label, file=sys.stderr, hidden=self._hidden, show_pos=True
                )
            )
        if done > self._bar.pos:
            self._bar.update(done - self._bar.pos)


@contextmanager
def interruption_notes() -> Iterator[None]:
    """Of an interrupted run, say what is kept and how to go on."""
    try:
        yield
    except KeyboardInterrupt as interruption:
        for note in getattr(interruption, "__notes__", ()):
            click.echo(f"{note}; go on with the same command and --resume", err=True)
        raise


def show_stage(stage: str) -> None:
    if on_terminal(sys.stderr):
        click.echo(stage, err=True)


def warn_of_unstable_names(why: str) -> None:
    """Where names of series and files will not be the same the next time. why: empty where they will."""
    if why:
        click.echo(
            f"WARNING: names of series and files are of this run only ({why}); "
            "set EDGECT_SALT to have the same ones again",
            err=True,
        )
