"""`edgect calibrate`: a bundle of your own, with thresholds fitted to labelled slices of your hospital."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from edgect.batch.classify_files import one_opencv_thread
from edgect.cli import options, recording
from edgect.cli.messages import Progress
from edgect.rows import NOTICE
from edgect.scans import Limits
from edgect.sources.about import About
from edgect.sources.labels import Words
from edgect.sources.table import read_table

if TYPE_CHECKING:
    from edgect.calibration.run import Calibration
    from edgect.sources.findings import Finding

FORMATS, HEADS = ("table", "json"), ("refit", "keep")
SCHEMA = 1
FILES = ("table", "model", "out", "record")
ELSEWHERE = ("name", "licence", "table", "date", "command", "edgect")  # in the record, or no figures
share = click.FloatRange(0, 1, min_open=True, max_open=True)


@click.command("calibrate")
@click.argument("table", metavar="TABLE.csv", type=click.Path(exists=True, dir_okay=False))
@options.engine
@options.model
@options.threads
@options.limits
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder of the new bundle; an old bundle there is replaced.",
)
@click.option("--name", help="Of the new bundle.  [default: the folder's]")
@click.option(
    "--sensitivity",
    type=share,
    default=0.95,
    show_default=True,
    help="To promise at the point `screening`.",
)
@click.option(
    "--specificity", type=share, default=0.95, show_default=True, help="To promise at the point `specific`."
)
@click.option(
    "--head",
    type=click.Choice(HEADS),
    default="refit",
    show_default=True,
    help="Whether the last layer may be fitted too, where that is better.",
)
@click.option(
    "--unlabelled", is_flag=True, help="The table has no labels: set the limits of the gate, and no more."
)
@click.option("--positive", multiple=True, metavar="NAME", help="A label that is COVID-19; may be repeated.")
@click.option("--negative", multiple=True, metavar="NAME", help="One that is not; may be repeated.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the folds of patients.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@recording.option
def command(
    table: str,
    model: str,
    backend: str,
    precision: str,
    threads: int | None,
    out: Path,
    name: str | None,
    sensitivity: float,
    specificity: float,
    head: str,
    seed: int,
    positive: tuple[str, ...],
    negative: tuple[str, ...],
    unlabelled: bool,
    form: str,
    record: Path | None,
    max_bytes: int,
    max_pixels: int,
    max_frames: int,
) -> None:
    """Fit a bundle to labelled slices of your hospital, and measure what it gives there.

    TABLE.csv has the columns path (from its folder on), label and, where known, patient and part.
    Patients are given to three parts at first use, kept in TABLE.parts.json. To the training and
    validation part are fitted:

    \b
    gate         limits that reject at most 2 % of the slices; never lower than they were
    head         the last layer, where cross-validation over patients finds another better
    temperature  that makes probabilities of the network's output
    points       thresholds `balanced`, `screening` and `specific`; conformal scores

    The test part is held until all is fitted; on it the new bundle is measured beside the old one.
    Each reading of it is written down in TABLE.readings.jsonl. What was fitted and measured stands
    in the new bundle's manifest, section `site`, and in its model card.

    A share of patients to come can be promised only by enough patients: 19 with COVID-19 for a
    sensitivity of 0.95. How the figures came about goes to --record FILE, DIR.record.json by default.
    The report goes to stdout, everything else to stderr. Exit codes: 0 fitted, 1 fitted, but some
    slice is an error, 2 usage, 3 model or engine unusable, 130 interrupted.
    """
    cases = read_table(table, Words(positive, negative), labelled=not unlabelled)
    About.of_table(table)  # whether it can be read
    record = record or out.with_name(f"{out.name}.record.json")
    recording.check(record)
    # only once the input is known to be good, as everything that takes time to load
    from edgect.calibration.fit import Promise
    from edgect.calibration.run import Settings, calibrate, calibrate_gate
    from edgect.calibration.table import report
    from edgect.model.bundles.bundle import Bundle

    settings = Settings(
        out=out,
        name=name or out.name,
        promise=Promise(sensitivity, specificity),
        refit_head=head == "refit",
        seed=seed,
        backend=backend,
        precision=precision,
        threads=threads,
        limits=Limits(max_bytes, max_pixels, max_frames),
        command=_command(),
    )
    parent = Bundle.load(model)
    with one_opencv_thread():
        if unlabelled:
            result = calibrate_gate(parent, Path(table), cases, settings, _progress)
        else:
            result = calibrate(parent, Path(table), cases, settings, _progress, _say)
    click.echo(report(result) if form == "table" else _json(result), nl=False)
    recording.save(
        record,
        tables={"table": result.contents},
        bundles=[result.parent, result.bundle],
        seed=seed,
        figures={name: value for name, value in result.section.items() if name not in ELSEWHERE},
    )
    if any(part["unreadable"] for part in result.section["parts"].values()):
        click.get_current_context().exit(1)


def _say(finding: Finding) -> None:
    click.echo(f"{finding.severity.upper()}: {finding.sentence}", err=True)


def _progress(title: str) -> Progress:
    return Progress(label=f"reading the {title}")


def _json(result: Calibration) -> str:
    """One object: `schema`, `notice`, name and digest of `parent` and `bundle`, `site` and `warnings`."""
    from edgect.calibration.site import warnings

    content = {
        "schema": SCHEMA,
        "notice": NOTICE,
        "parent": {"name": result.parent.name, "digest": result.parent.digest},
        "bundle": {"name": result.bundle.name, "digest": result.bundle.digest},
        "site": result.section,
        "warnings": list(warnings(result.section)),
    }
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def _command() -> str:
    """As it was given, folders left out."""
    context = click.get_current_context()
    words = ["edgect", "calibrate"]
    for each in context.command.params:
        value = context.params[str(each.name)]
        if context.get_parameter_source(str(each.name)) is ParameterSource.DEFAULT:
            continue
        option = max(each.opts, key=len)
        values = value if isinstance(value, tuple) else (value,)
        for text in values:
            shown = Path(str(text)).name if each.name in FILES else str(text)
            words += (
                [shown] if isinstance(each, click.Argument) else [option] if text is True else [option, shown]
            )
    return shlex.join(words)
