"""`multi-source`: the default network, trained, and what is done with its finished runs."""

from __future__ import annotations

import json
from pathlib import Path

import click

from train.commands import options
from train.commands.multi_source_fit import fit_command
from train.commands.options import cache
from train.data.sources import of_last_layer
from train.multi_source.run import EVIDENCE_READING, MultiSourceRun
from train.opened_run import open_run
from train.run import write_json


@click.group("multi-source")
def multi_source() -> None:
    """The default network: trained across sources, on crops of the lungs."""


multi_source.add_command(fit_command)


@multi_source.command("head")
@options.finished_run
@options.data
@cache
@click.option(
    "--on",
    "names",
    multiple=True,
    metavar="NAME",
    help=f"Hospitals to fit to, by their validation parts.  [default: {', '.join(of_last_layer())}]",
)
def head_command(run: Path, data: Path, cache: Path | None, names: tuple[str, ...]) -> None:
    """Fit the last layer of a finished RUN again, on slices that its trunk was not trained on.

    How far it may move is chosen by leaving hospitals out. Written to RUN/head.json; choose the threshold
    anew with `validate` then.
    """
    from train.multi_source.last_layer import refit

    fitted = refit(MultiSourceRun(run), data, cache, names)
    click.echo(json.dumps({key: value for key, value in fitted.items() if key != "weight"}, indent=1))


@multi_source.command("head-ablation")
@click.argument("runs", nargs=-1, required=True, type=options.folder)
@options.data
@cache
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="JSON file of the figures.")
def head_ablation_command(runs: tuple[Path, ...], data: Path, cache: Path | None, out: Path | None) -> None:
    """What each hospital, the balance, the strength and further slices do for the last layers of RUNS.

    Every source is judged, on its validation part, by layers that were not fitted to it.
    """
    from train.multi_source.last_layer_ablation import ablate

    measured = ablate([MultiSourceRun(run) for run in runs], data, cache)
    if out:
        write_json(out, measured)
    click.echo(json.dumps(measured, indent=1))


@multi_source.command("trajectory")
@options.finished_run
@options.data
@cache
def trajectory_command(run: Path, data: Path, cache: Path | None) -> None:
    """How well a RUN tells the sources that it was trained without, along its way.

    RUN is made with `fit --leave-out NAME --keep-every N`. Written to RUN/trajectory.json: AUC after every N
    steps, of the weights and their averages, by the last layer as trained and fitted to other hospitals.
    """
    from train.multi_source.trajectory import follow

    click.echo(json.dumps(follow(MultiSourceRun(run), data, cache), indent=1))


@multi_source.command("ensemble")
@click.argument("runs", nargs=-1, required=True, type=options.folder)
@options.data
@cache
@click.option(
    "--beside",
    multiple=True,
    type=options.folder,
    metavar="RUN",
    help="Judge this run too, without a part in the mean.",
)
@click.option(
    "--left-out",
    is_flag=True,
    help="Judge them on the sources that they were all trained without, training parts too.",
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="JSON file of the figures.")
def ensemble_command(
    runs: tuple[Path, ...],
    data: Path,
    cache: Path | None,
    beside: tuple[Path, ...],
    left_out: bool,
    out: Path | None,
) -> None:
    """Judge RUNS and their mean on validation parts, by last layers fitted to the other hospitals."""
    from train.multi_source.ensemble import judge, judge_left_out

    members, others = ([MultiSourceRun(run) for run in paths] for paths in (runs, beside))
    figures = (judge_left_out if left_out else judge)(members, data, cache, beside=others)
    if out:
        write_json(out, figures)
    click.echo(json.dumps(figures, indent=1))


@multi_source.command("validate")
@options.finished_run
@options.data
@cache
def validate_command(run: Path, data: Path, cache: Path | None) -> None:
    """Choose the threshold of a finished RUN on its sources' validation parts."""
    from train.multi_source.evaluation import validate

    click.echo(json.dumps(validate(MultiSourceRun(run), data, cache), indent=1))


@multi_source.command("test")
@options.finished_run
@options.data
@cache
def test_command(run: Path, data: Path, cache: Path | None) -> None:
    """Read the test parts of all sources once with a finished RUN."""
    from train.multi_source.evaluation import evaluate_test_parts

    click.echo(json.dumps(evaluate_test_parts(MultiSourceRun(run), data, cache), indent=1))


@multi_source.command("evidence")
@options.finished_run
@options.data
@cache
def evidence_command(run: Path, data: Path, cache: Path | None) -> None:
    """How much of a finished RUN's evidence lies in the lungs, source by source, and its AUC without them.

    RUN may be one of the paper's networks. Written to RUN/across-evidence.json.
    """
    from train.analysis.source_evidence import measure_source_evidence

    finished = open_run(run)
    measured = measure_source_evidence(finished, data, cache)
    finished.write_reading("test", {"by": EVIDENCE_READING, "part": "test"})
    write_json(run / "across-evidence.json", measured)
    click.echo(json.dumps(measured, indent=1))
