"""`edgect evaluate`: how good the answers are on your own labelled scans."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

import click

from edgect.batch import dask_workers
from edgect.batch.classify_files import classify_files, one_opencv_thread
from edgect.cli import options
from edgect.cli.messages import Progress, interruption_notes, show_stage
from edgect.errors import UsageError
from edgect.evaluate.folder import read_folder
from edgect.evaluate.labels import Cases, Words
from edgect.evaluate.listing import read_listing
from edgect.scans import Limits

FORMATS = ("table", "json")


@click.command("evaluate")
@click.argument("source", metavar="DIR|TABLE.csv")
@click.option(
    "--positive",
    multiple=True,
    metavar="NAME",
    help="A folder or label that is COVID-19; may be repeated.",
)
@click.option("--negative", multiple=True, metavar="NAME", help="One that is not; may be repeated.")
@click.option(
    "--patients",
    type=click.Choice(("folder",)),
    help="The folder below the label is the patient's, for DIR/label/patient/...",
)
@options.engine
@options.model
@options.threads
@options.threshold
@options.operating_point
@options.error_rate
@options.limits
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option(
    "--plots",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write roc.png, reliability.png and confusion.png to DIR.",
)
@click.option(
    "--rows",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a CSV row of every slice, with its true label.",
)
@click.option("--resume", is_flag=True, help="Continue an interrupted run with the same --rows FILE.")
@options.cluster
def command(
    source: str,
    positive: tuple[str, ...],
    negative: tuple[str, ...],
    patients: str | None,
    form: str,
    plots: Path | None,
    rows: Path | None,
    resume: bool,
    scheduler: str | None,
    workers: int | None,
    max_bytes: int,
    max_pixels: int,
    max_frames: int,
    **model: Any,
) -> None:
    """Measure how good the answers are on labelled scans of your own.

    The labels are the names of DIR's subfolders, such as COVID-19 and "not COVID-19", or stand in
    TABLE.csv, with the columns path (from the table's folder on), label and, where known, patient.

    \b
    metrics      accuracy, sensitivity, specificity, precision, F1 and AUC, with 95 % intervals
                 by patient where patients are known, else by file: exact where each is one
                 slice, and wide with few; on the answered slices, and on all with each
                 rejected or unreadable one counted as wrong
    calibration  Brier score and expected calibration error: what a probability is worth

    The JSON is one object; its names (schema 1) are explained in edgect/evaluate/report.py. The
    result goes to stdout, everything else to stderr. Exit codes: 0 every row ok or rejected, 1 some
    row is an error, 2 usage, 3 model or engine unusable, 130 interrupted.
    """
    if rows is None and resume:
        raise UsageError("--resume needs --rows FILE, which holds the rows of the interrupted run")
    dask_workers.check_options(scheduler, workers, model["threads"])
    cases = _cases(source, Words(positive, negative), patients is not None)
    _check_outputs(source, cases, rows, plots)
    # only once the input is known to be good, as everything that takes time to load
    from edgect.evaluate.figures import report
    from edgect.evaluate.rows import LabelledLines, LabelledSlices
    from edgect.evaluate.table import table
    from edgect.pipeline import Pipeline

    limits, files = Limits(max_bytes, max_pixels, max_frames), [case.path for case in cases.files]
    collected = LabelledSlices(cases)
    with one_opencv_thread(), interruption_notes(), Progress() as progress:
        pipeline = Pipeline(**model, many=len(files) > 1, limits=limits)
        classify_files(
            files,
            pipeline,
            model=model,
            limits=limits,
            lines=LabelledLines.of_cases(cases, pipeline.decision.labels),
            output=rows,
            sinks=[collected],
            resume=resume,
            scheduler=scheduler,
            workers=workers,
            progress=progress,
            notify=partial(click.echo, err=True),
        )
    slices = collected.slices
    show_stage(f"computing intervals of {len(slices)} slices")
    result = report(source, cases, slices, pipeline)
    if plots is not None:
        from edgect.evaluate.plots import draw

        show_stage(f"drawing to {plots}")
        draw(result, slices, plots)
    click.echo(result.to_json() if form == "json" else table(result), nl=False)
    if result.coverage.error:
        click.get_current_context().exit(1)


def _cases(source: str, words: Words, patients: bool) -> Cases:
    if not os.path.lexists(source):
        raise UsageError(f"no such file or folder: {source!r}")
    if os.path.isdir(source):
        return read_folder(source, words, patients)
    if patients:
        raise UsageError("--patients folder is for folders; a table has the column patient")
    return read_listing(source, words)


def _check_outputs(source: str, cases: Cases, rows: Path | None, plots: Path | None) -> None:
    """Before anything slow. Raises UsageError rather than write over a scan or the table, or among scans."""
    inputs = {os.path.realpath(path) for path in (source, *(case.path for case in cases.files))}
    for name, output in (("--rows", rows), ("--plots", plots)):
        if output is None:
            continue
        if os.path.realpath(output) in inputs:
            raise UsageError(f"{name} {output} is one of the files to read; name another")
        if os.path.isdir(source) and output.resolve().is_relative_to(Path(source).resolve()):
            raise UsageError(f"{name} {output} lies in {source}: it would be taken for a scan; name another")
    if rows is not None and rows.exists() and not rows.is_file():
        raise UsageError(f"--rows {rows}: not a regular file")
    if plots is None:
        return
    from edgect.evaluate.plots import usable

    usable()
    pictures = {os.path.realpath(plots / f"{name}.png") for name in ("roc", "reliability", "confusion")}
    if taken := pictures & inputs:
        raise UsageError(f"--plots {plots}: {min(taken)} is one of the scans; name another folder")
    try:
        plots.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--plots {plots}: cannot be made ({error.strerror})") from error
