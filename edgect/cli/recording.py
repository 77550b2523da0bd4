"""`--record FILE`, of commands whose figures somebody will want to retrace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from edgect.model.bundles.bundle import Bundle
    from edgect.sources.contents import Contents

option = click.option(
    "--record",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write to FILE, as JSON, how the figures came about; of an earlier record there, say what differs.",
)


def check(file: Path | None) -> None:
    """Before anything slow. Raises UsageError where FILE is there and no record of this command."""
    if file is not None:
        from edgect.provenance import earlier

        earlier(file, _command())


def save(
    file: Path | None,
    *,
    tables: Mapping[str, Contents],
    bundles: Sequence[Bundle],
    seed: int | None,
    figures: Mapping[str, Any],
) -> None:
    """Write the record of the running command, and say on stderr what differs from the earlier one.

    The arguments are those of `edgect.provenance.record`. Raises UsageError.
    """
    if file is None:
        return
    from edgect.provenance import record, write

    content = record(_command(), _arguments(), tables=tables, bundles=bundles, seed=seed, figures=figures)
    for sentence in write(content, file):
        click.echo(sentence, err=True)


def _command() -> str:
    return str(click.get_current_context().info_name)


def _arguments() -> dict[str, Any]:
    """By the names that a user writes; without the record's own."""
    context = click.get_current_context()
    names = {each.name: max(each.opts, key=len) for each in context.command.params}
    return {names[name]: value for name, value in context.params.items() if names[name] != "--record"}
