"""A whole run: inputs are listed and checked, classified, and written with all that belongs to them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from edgect.batch import dask_workers as dask
from edgect.batch import report_file as reports
from edgect.batch.classify_files import Summary, classify_files, one_opencv_thread
from edgect.batch.inputs import Output, list_inputs
from edgect.batch.output import belongs_to
from edgect.batch.series_file import SeriesFile
from edgect.batch.sinks import HeatMapFolder, RowSink
from edgect.errors import UsageError
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
    resume: bool = False,
    scheduler: str | None = None,
    workers: int | None = None,
    limits: Limits | None = None,
    progress: Callable[[int, int], object] | None = None,
    notify: Callable[[str], object] | None = None,
    command: str = "edgect.batch.run() in Python",
    **model: Any,
) -> Summary:
    """Classify files and folders as `edgect classify` does; one row for every slice, in input order.

    output: a file, which appears when it is whole; or an open text stream; or what is called with each row;
    or None for no rows. form: `csv`, `jsonl` or `table`, of a file or stream. heat_maps: a folder for
    pictures. series: a file for a row of every series. report: a web page. resume: go on with what an
    interrupted run with the same `output` left.

    scheduler: address of a Dask scheduler, or `local` with a number of `workers`. limits: of one file.
    progress: called with the files that are done and the number of all. notify: called with a sentence
    that a user should read. command: how the run was started, for the report. model: further arguments of
    `edgect.Pipeline`, such as `backend` or `threads`.

    Bad files give rows of status `error` or `rejected`. An interruption (KeyboardInterrupt) carries a note of
    the rows that are kept, if any. Raises UsageError, ModelError, EngineError, ClusterError,
    NotInstalledError.
    """
    names, limits = [os.fspath(path) for path in paths], limits or Limits()
    destination = Path(output) if isinstance(output, str | os.PathLike) else output
    file = destination if isinstance(destination, Path) else None
    folder, series_file, page = (None if name is None else Path(name) for name in (heat_maps, series, report))
    _check_options(form, file, resume)
    dask.check_options(scheduler, workers, model.get("threads"))
    outputs = list(_outputs(file, series_file, page))
    if page is not None:
        reports.check(page, names)
    files = list_inputs(names, outputs)
    if folder is not None:
        HeatMapFolder.create(folder, names)
    if series_file is not None:
        SeriesFile.check_writable(series_file)

    # only once the paths are known to be good, as everything that takes time to load
    from edgect.pipeline import Pipeline

    with one_opencv_thread():
        pipeline = Pipeline(**model, many=len(files) > 1, limits=limits)
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
        )


def _check_options(form: str, file: Path | None, resume: bool) -> None:
    if form not in FORMATS:
        raise UsageError(f"unknown format {form!r}: it must be one of {', '.join(FORMATS)}")
    if file is None and resume:
        raise UsageError("--resume needs -o FILE: rows on stdout cannot be taken up again")
    if form == "table" and resume:
        raise UsageError("--resume needs --format csv or jsonl: a table keeps too little")


def _outputs(file: Path | None, series: Path | None, report: Path | None) -> Iterator[Output]:
    if file is not None:
        yield Output("-o", file, partial(belongs_to, file))
    if series is not None:
        yield Output("--series", series, partial(SeriesFile.owns, series))
    if report is not None:
        yield Output("--report", report, partial(reports.owns, report))


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
        yield SeriesFile(series, pipeline.decision.labels, pipeline.threshold)
    if report is not None:
        yield reports.ReportFile(report, pipeline, command, resume)
