"""`test`, `evidence` and `probe` look at the test part; `report` writes the results down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from train.commands import options
from train.data.arrangements import arrangement
from train.run import Run, write_json

RUNS = Path("train/runs")


@click.command("test")
@options.finished_run
@options.data
@click.option(
    "--part",
    type=click.Choice(["test-1", "test-2", "validation-1", "validation-2"]),
    default="test-1",
    show_default=True,
)
def test_command(run: Path, data: Path, part: Any) -> None:
    """Read a part once with a finished RUN: five metrics with 95 % intervals."""
    from train.paper.evaluation import evaluate_part, format_reading

    finished = Run(run)
    click.echo(format_reading(evaluate_part(finished, data, part), finished.arrangement().number))


@click.command("evidence")
@options.finished_run
@options.data
@click.option("--part", type=click.Choice(["test", "val"]), default="test", show_default=True)
def evidence_command(run: Path, data: Path, part: Any) -> None:
    """How much of a finished RUN's evidence lies in the lungs, and its AUC without them.

    On arrangement 1's part, whatever the run was trained on, so that networks can be compared.
    Written to RUN/evidence.json for the test part, printed for the validation part.
    """
    from train.analysis.evidence import measure_evidence

    finished = Run(run)
    items = arrangement(1, data, finished.arrangement().cut_seed).part(part)
    measured = {"part": part, **measure_evidence(finished, items, data)}
    if part == "test":
        finished.write_reading("test", {"by": "train evidence", **measured})
        write_json(run / "evidence.json", measured)
    click.echo(json.dumps(measured, indent=1))


@click.command("probe")
@options.data
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="JSON file.")
def probe_command(data: Path, out: Path | None) -> None:
    """What a random forest makes of COVID-CT's validation and test part without looking at lungs."""
    from train.analysis.probe import probe

    split = arrangement(1, data)
    results = {part: probe(split, data, part) for part in ("val", "test")}
    if out:
        write_json(out, results)
    click.echo(json.dumps(results, indent=1))


@click.command("report")
@click.option("--runs", type=options.folder, default=RUNS, show_default=True, help="Folder of run folders.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=RUNS.parent / "RESULTS.md",
    show_default=True,
    help="Markdown file; ACROSS.md and plots/ are written beside it.",
)
@click.option("--gallery", type=options.folder, help="Folder for pictures of scans; needs --data.")
@click.option("--data", type=options.folder, envvar="EDGECT_DATA", help="Only for --gallery.")
def report_command(runs: Path, out: Path, gallery: Path | None, data: Path | None) -> None:
    """Write RESULTS.md, ACROSS.md and their plots again from the run files, with no training."""
    from train import report

    report.write(runs, out)
    click.echo(f"{out}, {out.parent / 'ACROSS.md'}, {out.parent / 'plots'}")
    if gallery:
        if data is None:
            raise click.UsageError("--gallery needs --data: pictures are made of scans")
        report.gallery(runs, data, gallery)
        click.echo(gallery)
