"""Options that several commands have."""

from __future__ import annotations

import click

from edgect.bundle import DEFAULT

model = click.option(
    "--model",
    default=DEFAULT,
    show_default=True,
    metavar="NAME|DIR",
    help="A bundled model, or a bundle folder.",
)
threads = click.option("--threads", type=click.IntRange(min=1), help="Cores to use.  [default: all]")
