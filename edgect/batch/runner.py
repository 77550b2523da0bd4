"""A whole run: inputs are listed and checked, classified, and written with all that belongs to them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from edgect.audit.contents import KEPT, NEW, answer
from edgect.audit.trail import LOCK, Trail, owns
from edgect.batch import dask_workers as dask
from edgect.batch import report_file as reports
from edgect.batch.classify_files import Summary, classify_files, one_opencv_thread
from edgect.batch.inputs import Output, list_inputs
from edgect.batch.output import belongs_to
from edgect.batch.series_file import SeriesFile
from edgect.batch.sinks import HeatMapFolder, RowSink
from edgect.errors import UsageError
from edgect.machine.allocator import keep_freed_memory
from edgect.rows.formats import FORMATS, Lines, Row
from edgect.scans import Limits

if TYPE_CHECKING:
    from edgect.pipeline import Pipeline

FilePath = str | os.PathLike[str]


def run(
    paths: Iterable[FilePath],
    output: FilePath | TextIO | Callable[[Row], object] | None = None,
    *,
    form: str = "csv",
    heat_maps: FilePath | None = None,
    series: FilePath | None = None,
    report: FilePath | None = None,
    audit: FilePath | None = None,
    resume: bool = False,
    scheduler: str | None = None,
    workers: int | None = None,
    limits: Limits | None = None,
    progress: Callable[[int, int], object] | None = None,
    notify: Callable[[str], object] | None = None,
    command: str = "edgect.batch.run() in Python",
    **model: Any,
) -> Summary:
    """Classify files and folders as `edgect classify` does: one row for every slice, in input order.

    Parameters
    ----------
    paths : iterable of str or PathLike
        Files, and folders that are searched to any depth; zip archives; URLs.
    output : str, PathLike, text stream or callable, optional
        A file, which appears when it is whole; an open text stream; or what is called with each row.
    form : {"csv", "jsonl", "table"}
        Of a file or a stream.
    heat_maps : str or PathLike, optional
        A folder for a heat map of every slice.
    series : str or PathLike, optional
        A file for a row of every series: CSV by the suffix `.csv`, else JSON lines.
    report : str or PathLike, optional
        A web page with every row and its pictures.
    audit : str or PathLike, optional
        The folder of an audit trail, to which each row appends a line before it is written.
    resume : bool
        Go on with what an interrupted run with the same `output` left.
    scheduler : str, optional
        The address of a Dask scheduler, or `local` with a number of `workers`.
    workers : int, optional
        Processes of a `local` scheduler.
    limits : Limits, optional
        How large a file may be.
    progress : callable, optional
        Called with the number of files that are done, and the number of all.
    notify : callable, optional
        Called with each sentence that a user should read.
    command : str
        How the run was started, for the report.
    **model
        Further parameters of `Classifier`, such as `backend` or `threads`.

    Returns
    -------
    Summary
        Rows by label or status, and what they were computed by.

    Raises
    ------
    UsageError
        An input is missing, or an output cannot be written or is one of the inputs.
    ModelError
        The bundle is missing or damaged.
    EngineError
        The engine is not installed, or failed.
    ClusterError
        There is no scheduler, or no worker with the answers of this machine.
    NotInstalledError
        An optional package is missing.
    KeyboardInterrupt
        With a note of the rows that are kept, if any.

    Examples
    --------
    >>> from edgect import batch
    >>> labels = []
    >>> summary = batch.run(["examples/scans"], lambda row: labels.append(row["label"]))
    >>> summary.rows == len(labels) == 8
    True
    """
    names, limits = [os.fspath(path) for path in paths], limits or Limits()
    destination = Path(output) if isinstance(output, str | os.PathLike) else output
    file = destination if isinstance(destination, Path) else None
    folder, series_file, page, trail_folder = (
        None if name is None else Path(name) for name in (heat_maps, series, report, audit)
    )
    _check_options(form, file, resume)
    dask.check_options(scheduler, workers, model.get("threads"))
    outputs = list(_outputs(file, series_file, page, trail_folder))
    if page is not None:
        reports.check(page, names)
    files = list_inputs(names, outputs)
    if folder is not None:
        HeatMapFolder.create(folder, names)
    if series_file is not None:
        SeriesFile.check_writable(series_file)

    # only once the paths are known to be good, as everything that takes time to load
    from edgect.pipeline import Pipeline

    if len(files) > 1:
        keep_freed_memory()
    with one_opencv_thread(), _audited(trail_folder) as before_row:
        pipeline = Pipeline(**model, many=len(files) > 1, limits=limits)
        if pipeline.choice is not None:  # for workers elsewhere too, whose answers are to be the same
            model["backend"] = pipeline.engine.backend
            if notify is not None:
                notify(pipeline.choice.text)
        return classify_files(
            files,
            pipeline,
            model=model,
            limits=limits,
            lines=Lines.of(form, files),
            output=destination,
            sinks=list(_make_sinks(folder, series_file, page, pipeline, command, resume)),
            resume=resume,
            scheduler=scheduler,
            workers=workers,
            progress=progress,
            notify=notify,
            before_row=before_row,
        )


def _check_options(form: str, file: Path | None, resume: bool) -> None:
    if form not in FORMATS:
        raise UsageError(f"unknown format {form!r}: it must be one of {', '.join(FORMATS)}")
    if file is None and resume:
        raise UsageError("--resume needs -o FILE: rows on stdout cannot be taken up again")
    if form == "table" and resume:
        raise UsageError("--resume needs --format csv or jsonl: a table keeps too little")


def _outputs(
    file: Path | None, series: Path | None, report: Path | None, trail: Path | None
) -> Iterator[Output]:
    if file is not None:
        yield Output("-o", file, partial(belongs_to, file))
    if series is not None:
        yield Output("--series", series, partial(SeriesFile.owns, series))
    if report is not None:
        yield Output("--report", report, partial(reports.owns, report))
    if trail is not None:
        yield Output("--audit", trail / LOCK, partial(owns, trail))


@contextmanager
def _audited(folder: Path | None) -> Iterator[Callable[[Row, bool], object]]:
    """Give what is to be called with each row, and whether it is kept, before it is written."""
    if folder is None:
        yield lambda *_: None
        return
    with Trail(folder, "classify") as trail:
        yield lambda row, kept: trail.append(
            answer(row, trail.identifiers, "rows", KEPT if kept else NEW), durable=False
        )


def _make_sinks(
    heat_maps: Path | None,
    series: Path | None,
    report: Path | None,
    pipeline: Pipeline,
    command: str,
    resume: bool,
) -> Iterator[RowSink]:
    if heat_maps is not None:
        yield HeatMapFolder(heat_maps, pipeline.bundle.manifest.heat_map_scale)
    if series is not None:
        yield SeriesFile(series, pipeline.decision)
    if report is not None:
        yield reports.ReportFile(report, pipeline, command, resume)
