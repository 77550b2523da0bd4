"""`edgect compare`: how far two models differ on your own labelled scans, and on which of them."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from edgect.batch import report_file
from edgect.batch.classify_files import classify_files, one_opencv_thread
from edgect.cli import labelled, options, recording, table_part
from edgect.cli.messages import Progress, show_stage
from edgect.errors import UsageError
from edgect.scans import Limits
from edgect.sources.labels import Cases

if TYPE_CHECKING:
    from edgect.compare.pictures import PictureSpool
    from edgect.compare.sides import Side
    from edgect.evaluate.groups import By
    from edgect.model.bundles.bundle import Bundle
    from edgect.sources.parts import Part

FORMATS = ("table", "json")
PAGE = "compare.html"  # in a folder that --report names


def _two(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, str]:
    if len(values) != 2:
        raise UsageError(
            f"--model is given {len(values)} times, but it takes two models to compare: --model A --model B"
        )
    return values[0], values[1]


@click.command("compare")
@labelled.source
@click.option(
    "--model",
    "models",
    multiple=True,
    callback=_two,
    metavar="NAME|DIR",
    help="A bundled model, or a bundle folder; to be given twice, A before B.",
)
@options.engine
@options.threads
@options.operating_point
@options.limits
@table_part.option
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option(
    "--report",
    "page",
    type=click.Path(path_type=Path),
    metavar="DIR|FILE.html",
    help="Write a page with the pictures of every slice whose label differs.",
)
@recording.option
def command(
    source: str,
    positive: tuple[str, ...],
    negative: tuple[str, ...],
    patients: str | None,
    by: By,
    models: tuple[str, str],
    part: Part | None,
    form: str,
    page: Path | None,
    record: Path | None,
    operating_point: str | None,
    max_bytes: int,
    max_pixels: int,
    max_frames: int,
    **engine: Any,
) -> None:
    """Compare two models on labelled scans of your own, slice by slice.

    Both classify the same files, each with its own gate and at its own threshold. The labels are those of
    `edgect evaluate`: the names of DIR's subfolders, or a column of TABLE.csv.

    \b
    differences  of AUC, accuracy, sensitivity and specificity, B less A, with paired 95 % intervals
                 by patient and McNemar's exact test; on the slices that both answer on, and on
                 all with each that a model does not answer on counted as wrong for it
    outcomes     how many are right, wrong or without an answer by A and by B, and so how many
                 have another label with the other model
    --by series  the same of series, by the rule that `edgect evaluate --by series` states
    --by patient the same of patients: COVID-19 where any of their series is
    --part       of the parts that a table is divided into at first use, which TABLE.parts.json
                 keeps; a test part is there to be read once, of models that are finished

    The JSON is one object; its names (schema 1) are explained in edgect/compare/report.py. The
    result goes to stdout, everything else to stderr. Exit codes: 0 every row ok or rejected, 1 some
    row is an error, 2 usage, 3 model or engine unusable, 130 interrupted.
    """
    cases = labelled.read(source, positive, negative, patients, by)
    labelled.check_outputs(source, cases, [("--record", record)])
    recording.check(record)
    page = _page(page, source, cases)
    bundles = _bundles(models, operating_point)
    cases, fixed = table_part.of_table(source, cases, part)
    limits = Limits(max_bytes, max_pixels, max_frames)
    # only once the input is known to be good, as everything that takes time to load
    from edgect.compare.figures import comparison
    from edgect.compare.page import write
    from edgect.compare.report import figures
    from edgect.compare.sides import check_same
    from edgect.compare.table import table
    from edgect.evaluate.recorded import contents
    from edgect.statistics.bootstrap import SEED

    with ExitStack() as opened:
        folder = None
        if page is not None:
            folder = Path(opened.enter_context(TemporaryDirectory(".pictures", f"{page.name}.", page.parent)))
        arguments = {**engine, "operating_point": operating_point}
        first, first_pictures = _side(cases, {"model": models[0], **arguments}, limits, folder, None)
        second, second_pictures = _side(cases, {"model": models[1], **arguments}, limits, folder, first)
        sides = first, second
        check_same(sides)
        show_stage(f"computing intervals of {len(first.slices)} slices")
        result = comparison(source, cases, sides, by, part or "")
        if page is not None and first_pictures and second_pictures:
            write(page, result, sides, (first_pictures, second_pictures))
    table_part.write_reading(source, part, fixed, bundles)
    click.echo(result.to_json() if form == "json" else table(result), nl=False)
    recording.save(
        record,
        tables={"source": contents(source, cases, first.slices)},
        bundles=bundles,
        seed=SEED,
        figures=figures(result),
    )
    if result.errors:
        click.get_current_context().exit(1)


def _side(
    cases: Cases, model: dict[str, Any], limits: Limits, folder: Path | None, first: Side | None
) -> tuple[Side, PictureSpool | None]:
    """One model's answers, and pictures of them where there is a folder to keep these in.

    first: the first model's, where this is the second.
    """
    from edgect.compare.pictures import PictureSpool
    from edgect.compare.sides import Side
    from edgect.evaluate.figures import model_of
    from edgect.evaluate.rows import LabelledSlices
    from edgect.pipeline import Pipeline
    from edgect.rows.formats import Lines

    files, collected = [case.path for case in cases.files], LabelledSlices(cases)
    with one_opencv_thread(), Progress() as progress:
        pipeline = Pipeline(**model, many=len(files) > 1, limits=limits)
        scale, pictures = pipeline.bundle.manifest.heat_map_scale, None
        if folder is not None:
            slices = None if first is None else first.slices
            pictures = PictureSpool(folder / ("B" if first else "A"), scale, slices)
        classify_files(
            files,
            pipeline,
            model=model,
            limits=limits,
            lines=Lines("csv"),
            output=None,
            sinks=[collected, *([pictures] if pictures else [])],
            progress=progress,
        )
    return Side(model_of(pipeline), pipeline.decision, scale, collected.slices), pictures


def _bundles(models: tuple[str, str], operating_point: str | None) -> list[Bundle]:
    """Both, before the first of them has read everything. Raises UsageError, ModelError."""
    from edgect.model.bundles.bundle import Bundle
    from edgect.model.decision.labels import Decision

    bundles = [Bundle.load(model) for model in models]
    for bundle in bundles:
        Decision.from_manifest(bundle.manifest, operating_point)
    return bundles


def _page(page: Path | None, source: str, cases: Cases) -> Path | None:
    """The page's file. Raises UsageError where it cannot be written, or would be written over an input."""
    if page is None:
        return None
    folder = None if page.suffix.lower() in report_file.SUFFIXES else page
    file = page if folder is None else folder / PAGE
    labelled.check_outputs(source, cases, [("--report", folder), ("--report", file)])
    if folder is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--report {folder}: cannot be made ({error.strerror})") from error
    report_file.check(file, [source])
    return file
