"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from edgect.bundle import DEFAULT
from edgect.scans.limits import Limits

Command = TypeVar("Command", bound=Callable[..., Any])

model = click.option(
    "--model",
    default=DEFAULT,
    show_default=True,
    metavar="NAME|DIR",
    help="A bundled model, or a bundle folder.",
)
threads = click.option("--threads", type=click.IntRange(min=1), help="Cores to use.  [default: all]")


def limits(command: Command) -> Command:
    """--max-bytes, --max-pixels and --max-frames, for `edgect.scans.Limits`."""
    default = Limits()
    for name, help_ in (
        ("frames", "Frames of one file, at most."),
        ("pixels", "Pixels of one frame, at most."),
        ("bytes", "Bytes of one file, at most."),
    ):
        command = click.option(
            f"--max-{name}",
            type=click.IntRange(min=1),
            default=getattr(default, name),
            show_default=True,
            help=help_,
        )(command)
    return command
