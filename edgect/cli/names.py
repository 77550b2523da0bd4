"""Says so where names of series and files will not be the same the next time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from edgect.rows.identifiers import Identifiers


def warn_of_names(identifiers: Identifiers) -> None:
    """For what runs on: looks for the salt now rather than when the first series comes."""
    assert identifiers.kind
    say_trouble(identifiers)


def say_trouble(identifiers: Identifiers) -> None:
    if identifiers.salt_warning:
        click.echo(
            f"WARNING: names of series and files are of this run only ({identifiers.salt_warning}); "
            "set EDGECT_SALT to have the same ones again",
            err=True,
        )
