"""`edgect classify`: every input one row, in order, as soon as it is known."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgect.backends import BACKENDS, PRECISIONS
from edgect.cli import options
from edgect.cli.beside import Beside, HeatMaps
from edgect.cli.record import Record, still_holds
from edgect.cli.rows import FORMATS, Row, open_rows, partial_of, resuming_of, settle
from edgect.decision import POINTS
from edgect.errors import UsageError
from edgect.ordered import in_order
from edgect.scans import Limits, find_scans, may_be_image

if TYPE_CHECKING:
    from edgect.classifier import Classifier

NOTICE = "Research use only: not a medical device, no diagnosis."


@click.command("classify")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--backend", type=click.Choice(BACKENDS), default="openvino", show_default=True)
@click.option("--precision", type=click.Choice(PRECISIONS), default="int8", show_default=True)
@options.model
@options.threads
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    help="Probability from which on the label is COVID-19, in place of an operating point.",
)
@click.option(
    "--operating-point",
    type=click.Choice(POINTS),
    help="The model's threshold to label by.  [default: balanced]",
)
@click.option(
    "--error-rate",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    metavar="RATE",
    help="Label `indeterminate` what cannot be told with at most RATE errors of either class.",
)
@options.limits
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
@click.option("--resume", is_flag=True, help="Continue an interrupted run with the same -o FILE.")
def command(
    paths: tuple[str, ...],
    form: str,
    output: Path | None,
    cam: Path | None,
    resume: bool,
    max_bytes: int,
    max_pixels: int,
    max_frames: int,
    **model: Any,
) -> None:
    """Classify CT slices: files, and folders searched to any depth.

    Rows go to stdout or FILE, everything else to stderr. Exit codes: 0 every row ok or
    rejected, 1 some row is an error, 2 usage, 3 model or engine unusable, 130 interrupted.
    """
    if output is None and resume:
        raise UsageError("--resume needs -o FILE: rows on stdout cannot be taken up again")
    limits = Limits(max_bytes, max_pixels, max_frames)
    files = _inputs(paths, output)
    if cam is not None:
        HeatMaps.make(cam, paths)
    import cv2  # only once the paths are known to be good, as everything that takes time to load

    from edgect.classifier import Classifier

    cv2.setNumThreads(1)  # a file has its thread already
    many = len(files) > 1
    classifier = Classifier(**model, many=many, limits=limits)
    beside = list(_beside(cam, classifier))
    record = Record.read(output, form, classifier, files) if output is not None and resume else Record()

    def answer(asked: tuple[str, list[Row]]) -> Iterator[Row]:
        path, known = asked
        if known and still_holds(known, path, limits, beside):
            yield from known
        else:
            yield from _classify(classifier, path, beside, many)

    asked = ((path, record.take(path)) for path in files)
    counts: Counter[str] = Counter()
    try:
        with (
            open_rows(form, output, files, bool(record)) as rows,
            _progress(len(files), output) as bar,
            closing(in_order(answer, asked, classifier.at_once(many))) as answers,
        ):
            for (path, _), answered in answers:
                for row in answered:
                    rows.write(row)
                    for made in beside:
                        made.add(row)
                    counts[str(row["label"] or row["status"])] += 1
                record.written(path)
                if not record:
                    settle(rows)
                bar.update(1)
            for made in beside:
                made.finish()
    except KeyboardInterrupt:
        if output is not None and form != "table":
            click.echo(f"{counts.total()} rows are kept; go on with the same command and --resume", err=True)
        raise
    click.echo(_summary(counts, classifier), err=True)
    if counts["error"]:
        click.get_current_context().exit(1)


def _inputs(paths: tuple[str, ...], output: Path | None) -> list[str]:
    """The files to classify, without the output's own; raises rather than write over a scan."""
    files = find_scans(paths)
    if output is None:
        return files
    if any(os.path.realpath(path) == os.path.realpath(output) and may_be_image(path) for path in files):
        raise UsageError(f"-o {output} is one of the scans to classify; name another output")
    own = {os.path.realpath(path) for path in (output, partial_of(output), resuming_of(output))}
    kept = [path for path in files if os.path.realpath(path) not in own]
    if not kept:
        raise UsageError(f"nothing to classify but {output} itself")
    return kept


def _beside(cam: Path | None, classifier: Classifier) -> Iterator[Beside]:
    if cam is not None:
        yield HeatMaps(cam, classifier.bundle.manifest["heat_map_scale"])


def _classify(classifier: Classifier, path: str, beside: list[Beside], many: bool) -> Iterator[Row]:
    evidence = any(made.evidence for made in beside)
    for prediction in classifier.classify_file(path, evidence, many):
        row = prediction.row()
        for made in beside:
            made.prepare(prediction, row)
        yield row


def _progress(files: int, output: Path | None) -> Any:
    """A bar on stderr, silent where stderr is no terminal or the table would run through it."""
    hidden = not sys.stderr.isatty() or (output is None and sys.stdout.isatty())
    return click.progressbar(length=files, label="classifying", file=sys.stderr, hidden=hidden, show_pos=True)


def _summary(counts: Counter[str], classifier: Classifier) -> str:
    engine = classifier.engine
    listed = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    return (
        f"{counts.total()} rows: {listed} | {classifier.bundle.name} by {engine.backend} "
        f"{engine.version}, {engine.precision}, {engine.threads} threads\n{NOTICE}"
    )
