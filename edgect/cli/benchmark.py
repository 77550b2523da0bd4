"""`edgect benchmark`: what this machine takes, as a table or as JSON."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from edgect.cli import options
from edgect.cli.messages import show_stage
from edgect.errors import UsageError
from edgect.machine import atomic
from edgect.model.backends import BACKENDS, PRECISIONS
from edgect.scans import find_scans, may_be_image

FORMATS = ("table", "json")


@click.command("benchmark")
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option(
    "--backend",
    "backends",
    type=click.Choice(BACKENDS),
    multiple=True,
    help="May be given again.  [default: all that are installed]",
)
@click.option(
    "--precision",
    "precisions",
    type=click.Choice(PRECISIONS),
    multiple=True,
    default=PRECISIONS,
    help="May be given again.  [default: both]",
)
@options.model
@options.threads
@click.option(
    "--seconds",
    type=click.FloatRange(0, 3600),
    default=30,
    show_default=True,
    help="About how long to repeat measurements; loading and at least a few of each come on top.",
)
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to a file instead of stdout.",
)
def command(
    paths: tuple[str, ...],
    backends: tuple[str, ...],
    precisions: tuple[str, ...],
    model: str,
    threads: int | None,
    seconds: float,
    form: str,
    output: Path | None,
) -> None:
    """Measure time, memory, and the agreement of INT8 with FP32 on this machine.

    On your scans: files, and folders searched to any depth; without PATH on slices that edgect
    invents, which do for time but say little of agreement. For each engine and precision:

    \b
    network      one slice, the network alone: p50 and p95
    from file    one slice, read, decoded, prepared and answered: p50 and p95
    folder       slices a second, all files at once
    fresh start  `edgect classify` of one slice as a new process: the first one, with
                 no compiled model cached, and the median of later ones
    peak memory  resident, of such a process for one slice, and for the folder

    Engines take turns, so that a busy machine does not favour one. The JSON is one object; its
    names (schema 1) are explained in edgect/diagnostics/benchmark/report.py. The result goes to
    stdout or FILE, everything else to stderr. Exit codes: 0 measured, 2 usage, 3 model or engine unusable,
    130 interrupted.
    """
    if output is not None:
        _check(output, paths)
    import cv2  # only once the output is known to be good, as everything that takes time to load

    from edgect.diagnostics.benchmark.measurement import run_benchmark
    from edgect.diagnostics.benchmark.table import table

    cv2.setNumThreads(1)  # as `edgect classify` does
    report = run_benchmark(
        paths,
        backends=backends,
        precisions=precisions,
        model=model,
        threads=threads,
        seconds=seconds,
        report_progress=lambda stage: show_stage(f"measuring: {stage}"),
    )
    _write(report.to_json() if form == "json" else table(report), output)


def _check(output: Path, paths: Sequence[str]) -> None:
    """Raises UsageError where the output cannot be written, now rather than once all is measured."""
    files = find_scans(paths) if paths else []
    if any(os.path.realpath(path) == os.path.realpath(output) and may_be_image(path) for path in files):
        raise UsageError(f"-o {output} is one of the scans to measure on; name another output")
    if output.exists() and not output.is_file():
        raise UsageError(f"{output}: not a regular file; without -o the result goes to stdout")
    try:
        tempfile.TemporaryFile(dir=output.parent).close()
    except OSError as error:
        raise UsageError(f"{output}: cannot be written ({error.strerror})") from error


def _write(text: str, output: Path | None) -> None:
    """To stdout, or to a file that appears only when it is whole."""
    try:
        if output is None:
            click.echo(text, nl=False)
        else:
            atomic.write(output, text.encode())
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UsageError(f"{output or 'stdout'}: cannot be written ({error.strerror})") from error
