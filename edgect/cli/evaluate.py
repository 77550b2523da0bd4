"""`edgect evaluate`: how good the answers are on your own labelled scans."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgect.batch import dask_workers
from edgect.batch.classify_files import classify_files, one_opencv_thread
from edgect.cli import labelled, options, recording, table_part
from edgect.cli.messages import Progress, interruption_notes, show_stage
from edgect.errors import UsageError
from edgect.scans import Limits
from edgect.sources.labels import Cases

if TYPE_CHECKING:
    from edgect.evaluate.groups import By
    from edgect.sources.parts import Part

FORMATS = ("table", "json")


@click.command("evaluate")
@labelled.source
@table_part.option
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
@recording.option
@options.cluster
def command(
    source: str,
    positive: tuple[str, ...],
    negative: tuple[str, ...],
    patients: str | None,
    by: By,
    part: Part | None,
    form: str,
    plots: Path | None,
    rows: Path | None,
    resume: bool,
    record: Path | None,
    scheduler: str | None,
    workers: int | None,
    max_bytes: int,
    max_pixels: int,
    max_frames: int,
    **model: Any,
) -> None:
    """Measure how good the answers are on labelled scans of your own.

    The labels are the names of DIR's subfolders, such as COVID-19 and "not COVID-19", or stand in
    TABLE.csv, with the columns path (from the table's folder on), label and, where known, patient,
    series and position (of the slice in its series, in millimetres).

    \b
    metrics      accuracy, sensitivity, specificity, precision, F1 and AUC, with 95 % intervals
                 by patient where patients are known, else by file: exact where each is one
                 slice, and wide with few; on the answered slices, and on all with each
                 rejected or unreadable one counted as wrong
    calibration  Brier score and expected calibration error: what a probability is worth
    --by series  the same metrics of series, each judged as by `classify --series` and `listen`:
                 by the share of its answered slices that reach the threshold, with limits that the
                 report states; indeterminate ones are counted as neither right nor wrong. The
                 truth is COVID-19 where any slice is labelled so. A DICOM series and a NIfTI
                 volume are series by themselves; of pictures, those that the table gives one
                 series, or that lie in one folder below a label's; others of a patient are one
    --by patient the same of patients: COVID-19 where any of their series is
    --part       of the parts that a table is divided into at first use, which TABLE.parts.json
                 keeps; a test part is there to be read once, of a model that is finished

    \b
    record       SHA-256 of every file, of the table and of the bundle, versions, machine and figures,
                 to retrace them later: if FILE holds the record of an earlier evaluation, what
                 differs in inputs, code, machine and figures is said, and the earlier one is
                 kept as FILE.1, FILE.2 ...

    The JSON is one object; its names (schema 1) are explained in edgect/evaluate/report.py. The
    result goes to stdout, everything else to stderr. Exit codes: 0 every row ok or rejected, 1 some
    row is an error, 2 usage, 3 model or engine unusable, 130 interrupted.
    """
    if rows is None and resume:
        raise UsageError("--resume needs --rows FILE, which holds the rows of the interrupted run")
    dask_workers.check_options(scheduler, workers, model["threads"])
    cases = labelled.read(source, positive, negative, patients, by)
    _check_outputs(source, cases, rows, plots, record)
    cases, fixed = table_part.of_table(source, cases, part)
    if fixed is not None:
        sentence = f"Of the table the {part} part alone: {len(cases.files):,} of {len(fixed.cases):,} files."
        cases = replace(cases, notes=[sentence, *cases.notes])
    # only once the input is known to be good, as everything that takes time to load
    from edgect.evaluate.figures import report
    from edgect.evaluate.recorded import contents, figures
    from edgect.evaluate.rows import LabelledLines, LabelledSlices
    from edgect.evaluate.table import table
    from edgect.pipeline import Pipeline
    from edgect.statistics.bootstrap import SEED

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
    table_part.write_reading(source, part, fixed, [pipeline.bundle])
    show_stage(f"computing intervals of {len(slices)} slices")
    result = report(source, cases, slices, pipeline, by)
    if plots is not None:
        from edgect.evaluate.plots import draw

        show_stage(f"drawing to {plots}")
        draw(result, slices, plots)
    click.echo(result.to_json() if form == "json" else table(result), nl=False)
    recording.save(
        record,
        tables={"source": contents(source, cases, slices)},
        bundles=[pipeline.bundle],
        seed=SEED,
        figures=figures(result),
    )
    if result.coverage.error:
        click.get_current_context().exit(1)


def _check_outputs(
    source: str, cases: Cases, rows: Path | None, plots: Path | None, record: Path | None
) -> None:
    """Before anything slow. Raises UsageError rather than write over a scan or the table, or among scans."""
    outputs = (("--rows", rows), ("--plots", plots), ("--record", record))
    inputs = labelled.check_outputs(source, cases, outputs)
    if rows is not None and rows.exists() and not rows.is_file():
        raise UsageError(f"--rows {rows}: not a regular file")
    recording.check(record)
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
