"""`edgect classify`: every input one row, in order, as soon as it is known."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click

from edgect import batch
from edgect.cli import options
from edgect.cli.messages import Progress, interruption_notes, warn_of_unstable_names
from edgect.cli.streams import on_terminal, stdout_for_rows
from edgect.rows import NOTICE
from edgect.rows.formats import FORMATS
from edgect.scans.options import Limits

PATHS_SHOWN = 3  # of the command line that the report repeats


@click.command("classify")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@options.engine
@options.model
@options.trust
@options.threads
@options.threshold
@options.operating_point
@options.error_rate
@options.limits
@options.cluster
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the rows to a file instead of stdout.",
)
@click.option(
    "--cam",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write a heat map of every slice to DIR.",
)
@click.option(
    "--series",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a row for every series of slices to FILE (.csv, else JSON lines).",
)
@click.option(
    "--include-identifiers",
    is_flag=True,
    help="Name series and files by their DICOM UIDs in place of salted hashes.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.html",
    help="Write a page with every row and its pictures to FILE.html.",
)
@options.audit
@click.option("--resume", is_flag=True, help="Continue an interrupted run with the same -o FILE.")
def command(
    paths: tuple[str, ...],
    form: str,
    output: Path | None,
    cam: Path | None,
    max_bytes: int,
    max_pixels: int,
    max_frames: int,
    **options_of_run: Any,
) -> None:
    """Classify CT slices: files, and folders searched to any depth.

    Rows go to stdout or FILE, everything else to stderr. Exit codes: 0 every row ok or
    rejected, 1 some row is an error, 2 usage, 3 model or engine unusable, 130 interrupted,
    143 terminated.
    """
    # a bar would run through a table on the same terminal
    hidden = output is None and on_terminal(sys.stdout)
    with interruption_notes(), Progress(hidden) as progress:
        summary = batch.run(
            paths,
            output or stdout_for_rows(form),
            form=form,
            heat_maps=cam,
            limits=Limits(max_bytes, max_pixels, max_frames),
            progress=progress,
            notify=partial(click.echo, err=True),
            command=command_line(click.get_current_context()),
            **options_of_run,
        )
    click.echo(_in_words(summary), err=True)
    warn_of_unstable_names(summary.unstable_names)
    if summary.counts.get("error"):
        click.get_current_context().exit(1)


def _in_words(summary: batch.Summary) -> str:
    engine = summary.engine
    listed = ", ".join(f"{count} {name}" for name, count in sorted(summary.counts.items()))
    listed += f"; {summary.kept} of them from before" if summary.kept else ""
    return (
        f"{summary.rows} rows: {listed} | {summary.model} ({summary.bundle}) by {engine.backend} "
        f"{engine.version}, {engine.precision}, {summary.computed_by}\n{NOTICE}"
    )


def command_line(context: click.Context) -> str:
    """The command as it was given, `PATHS_SHOWN` paths at most."""
    return shlex.join(["edgect", str(context.info_name), *_arguments(context)])


def _arguments(context: click.Context) -> Iterator[str]:
    for parameter in context.command.params:
        value: Any = context.params.get(str(parameter.name))
        if context.get_parameter_source(str(parameter.name)) is not click.core.ParameterSource.COMMANDLINE:
            continue
        if isinstance(parameter, click.Option):
            yield parameter.opts[-1]
            if not parameter.is_flag:
                yield str(value)
        else:
            yield from value[:PATHS_SHOWN]
            if len(value) > PATHS_SHOWN:
                yield f"(and {len(value) - PATHS_SHOWN:,} more)"
