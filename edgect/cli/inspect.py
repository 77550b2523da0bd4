"""`edgect inspect`: what tables of labelled slices hold, and whether they will do."""

from __future__ import annotations

import sys

import click

from edgect.cli.messages import Progress, show_stage
from edgect.sources.labels import Words

FORMATS = ("table", "json")
UNFIT = 2


@click.command("inspect")
@click.argument("tables", metavar="TABLE.csv...", nargs=-1, required=True)
@click.option("--positive", multiple=True, metavar="NAME", help="A label that is COVID-19; may be repeated.")
@click.option("--negative", multiple=True, metavar="NAME", help="One that is not; may be repeated.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
def command(tables: tuple[str, ...], positive: tuple[str, ...], negative: tuple[str, ...], form: str) -> None:
    """Examine tables of labelled slices before calibrating or training with them. Writes nothing.

    TABLE.csv has the columns path (from its folder on) and label, and where known patient, series, study,
    group, weight and part. Shown are its patients and slices by part, class and group, and what is
    wrong with them:

    \b
    numbers    too few patients of a class in a part, with the number needed
    patients   unknown, in two parts, with most of the slices, or labelled as a whole
    copies     the same file twice, or slices in different parts that look alike
    pictures   files that cannot be read, or are no slices
    sources    of several tables: a class in one of them only, copies between them

    What is known of a source besides stands in TABLE.about.json. The JSON is one object; its names (schema
    1) are explained in edgect/sources/inspection.py. Exit codes: 0 fit, warnings or not, 2 usage, or errors
    that would stop a calibration or training, or deceive it.
    """
    from edgect.batch.classify_files import one_opencv_thread
    from edgect.sources.inspection import inspect_tables
    from edgect.sources.inspection_table import table

    show_stage(f"hashing the files of {', '.join(tables)}")
    with one_opencv_thread():
        inspection = inspect_tables(
            tables, Words(positive, negative), lambda name: Progress(label=f"reading the slices of {name}")
        )
    click.echo(inspection.to_json() if form == "json" else table(inspection), nl=False)
    if inspection.errors:
        sys.exit(UNFIT)
