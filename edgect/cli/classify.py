"""`edgect classify`: every input one row, in order, as soon as it is known."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgect.batch import report_file as reports
from edgect.batch import workers as cluster
from edgect.batch.inputs import Written, inputs
from edgect.batch.local import Answers, Threads
from edgect.batch.output import is_of, open_rows
from edgect.batch.resume import begin
from edgect.batch.series_file import SeriesFile
from edgect.batch.sinks import Beside, HeatMaps
from edgect.cli import options
from edgect.cli.names import say_trouble
from edgect.cli.streams import on_terminal
from edgect.errors import UsageError
from edgect.rows.formats import FORMATS, Lines
from edgect.rows.notice import NOTICE
from edgect.scans import Limits

if TYPE_CHECKING:
    from edgect.classifier import Classifier


@click.command("classify")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@options.engine
@options.model
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
@click.option("--resume", is_flag=True, help="Continue an interrupted run with the same -o FILE.")
def command(
    paths: tuple[str, ...],
    form: str,
    output: Path | None,
    cam: Path | None,
    series: Path | None,
    report: Path | None,
    resume: bool,
    max_bytes: int,
    max_pixels: int,
    max_frames: int,
    scheduler: str | None,
    workers: int | None,
    **model: Any,
) -> None:
    """Classify CT slices: files, and folders searched to any depth.

    Rows go to stdout or FILE, everything else to stderr. Exit codes: 0 every row ok or
    rejected, 1 some row is an error, 2 usage, 3 model or engine unusable, 130 interrupted,
    143 terminated.
    """
    if output is None and resume:
        raise UsageError("--resume needs -o FILE: rows on stdout cannot be taken up again")
    if form == "table" and resume:
        raise UsageError("--resume needs --format csv or jsonl: a table keeps too little")
    cluster.check(scheduler, workers, model["threads"])
    limits = Limits(max_bytes, max_pixels, max_frames)
    outputs = list(_outputs(output, series, report))
    if report is not None:
        reports.check(report, paths)
    files = inputs(paths, outputs)
    if cam is not None:
        HeatMaps.make(cam, paths)
    if series is not None:
        SeriesFile.make(series)
    import cv2  # only once the paths are known to be good, as everything that takes time to load

    from edgect.classifier import Classifier

    cv2.setNumThreads(1)  # a file has its thread already
    many = len(files) > 1
    classifier = Classifier(**model, many=many, limits=limits)
    beside = list(_beside(cam, series, report, classifier, resume))
    lines = Lines.of(form, files)
    source: Answers = Threads(classifier, beside, limits, many)
    counts: Counter[str] = Counter()
    kept = 0
    with ExitStack() as opened:
        if scheduler is not None:
            client = opened.enter_context(cluster.connected(scheduler, workers, model["threads"]))
            source = cluster.Workers(client, classifier, model, beside, limits, files)
        rows = opened.enter_context(open_rows(lines, output))
        record = begin(rows, resume, classifier.settings, files)
        asked = ((path, record.take(path)) for path in files)
        try:
            with (
                _progress(len(files), output) as bar,
                closing(source.of(asked)) as answers,
            ):
                for _, answered in answers:
                    for row, span in answered:
                        if span is None:
                            rows.write(row)
                        else:
                            rows.keep(span)
                            kept += 1
                        for made in beside:
                            made.add(row)
                        counts[str(row["label"] or row["status"])] += 1
                    bar.update(1)
                for made in beside:
                    made.finish()
        except KeyboardInterrupt:
            if rows.stay:
                click.echo(f"{rows.stay}; go on with the same command and --resume", err=True)
            raise
    click.echo(_summary(counts, kept, classifier, source.by()), err=True)
    say_trouble(classifier.identifiers)
    if counts["error"]:
        click.get_current_context().exit(1)


def _outputs(output: Path | None, series: Path | None, report: Path | None) -> Iterator[Written]:
    if output is not None:
        yield Written("-o", output, partial(is_of, output))
    if series is not None:
        yield Written("--series", series, partial(SeriesFile.owns, series))
    if report is not None:
        yield Written("--report", report, partial(reports.owns, report))


def _beside(
    cam: Path | None, series: Path | None, report: Path | None, classifier: Classifier, resume: bool
) -> Iterator[Beside]:
    if cam is not None:
        yield HeatMaps(cam, classifier.bundle.manifest.heat_map_scale)
    if series is not None:
        yield SeriesFile(series, classifier.decision.labels, classifier.threshold)
    if report is not None:
        yield reports.Report(report, classifier, reports.command_line(click.get_current_context()), resume)


def _progress(files: int, output: Path | None) -> Any:
    """A bar on stderr, silent where stderr is no terminal or the table would run through it."""
    hidden = not on_terminal(sys.stderr) or (output is None and on_terminal(sys.stdout))
    return click.progressbar(length=files, label="classifying", file=sys.stderr, hidden=hidden, show_pos=True)


def _summary(counts: Counter[str], kept: int, classifier: Classifier, by: str) -> str:
    engine = classifier.engine
    listed = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    listed += f"; {kept} of them from before" if kept else ""
    return (
        f"{counts.total()} rows: {listed} | {classifier.bundle.name} by {engine.backend} "
        f"{engine.version}, {engine.precision}, {by}\n{NOTICE}"
    )
