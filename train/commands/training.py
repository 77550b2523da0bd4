"""`fit` trains one network, `search` looks for its hyper-parameters."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import click

from edgect.batch.cluster import schedulers
from edgect.machine.processor import available_cores
from train.commands import options
from train.networks.architectures import ARCHITECTURES
from train.networks.pretrained import Weights
from train.paper.experiments import EXPERIMENTS
from train.paper.fit import fit
from train.run import Run, TrainingSettings


@click.command("fit")
@options.training_options
@click.option("--out", type=options.folder, required=True, help="Run folder.")
@click.option("--architecture", type=click.Choice(list(ARCHITECTURES)), default="proposed", show_default=True)
@click.option("--learning-rate", type=float, default=TrainingSettings.learning_rate, show_default=True)
@click.option("--momentum", type=float, default=TrainingSettings.momentum, show_default=True)
@click.option("--l2", type=float, default=TrainingSettings.l2, show_default=True)
@click.option(
    "--epochs",
    type=int,
    default=TrainingSettings.epochs,
    show_default=True,
    help="At the initial learning rate.",
)
@click.option(
    "--more-epochs",
    type=int,
    default=TrainingSettings.more_epochs,
    show_default=True,
    help="With it dropping.",
)
@click.option("--redraw", is_flag=True, help="Draw the augmentation anew in every epoch.")
@click.option(
    "--average-decay",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Of a moving average of the weights; 0 for none.",
)
@click.option("--resume", is_flag=True, help="Continue the run in --out.")
def fit_command(
    data: Path, out: Path, pretrained: str | None, resume: bool, device: str, **settings: Any
) -> None:
    """Train one network; checkpoints after every epoch."""
    weights = _weights(pretrained, settings)
    selected = fit(TrainingSettings(**settings), data, Run(out), weights, resume, device)
    click.echo(json.dumps(selected))


@click.command("search")
@options.training_options
@click.option("--out", type=options.folder, help="Default: runs/search/experiment-E-arrangement-A.")
@click.option("--experiment", type=click.Choice(list(EXPERIMENTS)), required=True, help="Of section 3.1.")
@click.option("--attempts", type=click.IntRange(1), default=30, show_default=True)
@click.option("--epochs", type=click.IntRange(1), default=20, show_default=True, help="Of each attempt.")
@click.option(
    "--scheduler", metavar="URL|local", help="Have the workers of a Dask scheduler make the attempts."
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    help="Processes of `--scheduler local`.  [default: as many as have --threads cores each]",
)
def search_command(
    data: Path,
    out: Path | None,
    experiment: str,
    attempts: int,
    pretrained: str | None,
    device: str,
    scheduler: str | None,
    workers: int | None,
    **settings: Any,
) -> None:
    """Search learning rate, momentum and L2; the same command again goes on after a stop.

    With --scheduler several attempts are made at once, one for each worker. Workers find --data at the
    same path as here, and `train`: they are started in a clone like this one, with PYTHONPATH=. set.
    """
    from train.paper.search.record import Search
    from train.paper.search.search import search

    _check(scheduler, workers)
    chosen = EXPERIMENTS[experiment]
    if chosen.transfer and not pretrained:
        raise click.UsageError(f"experiment {experiment} is {chosen.title}: --pretrained is needed")
    weights = _weights(pretrained, settings)
    common = TrainingSettings(architecture=chosen.architecture, more_epochs=0, **settings)
    out = out or Path(f"runs/search/experiment-{experiment}-arrangement-{common.arrangement}")
    click.echo(f"{out}: an attempt is on record when it has ended", err=True)
    with _client(scheduler, workers, common.threads) as client:
        best = search(Search(out), experiment, data, common, attempts, weights, device, client)
    click.echo(json.dumps(best))


def _check(scheduler: str | None, workers: int | None) -> None:
    if workers is not None and scheduler != schedulers.LOCAL:
        raise click.UsageError("--workers goes with --scheduler local: others' workers are started elsewhere")
    if scheduler is not None:
        schedulers.check()


def _client(scheduler: str | None, workers: int | None, threads: int) -> AbstractContextManager[Any]:
    """Of Dask; None without a scheduler. A worker has one thread for Dask: torch starts its own."""
    if scheduler is None:
        return nullcontext()
    if scheduler != schedulers.LOCAL:
        return schedulers.connected(scheduler)
    import dask

    # glibc keeps its memory, where Dask has it given back: a training asks for the same again at every step
    keep = {"MALLOC_TRIM_THRESHOLD_": 10**11, "MALLOC_MMAP_MAX_": 0}
    dask.config.set({f"distributed.nanny.pre-spawn-environ.{name}": value for name, value in keep.items()})
    return schedulers.local(workers or max(1, available_cores() // threads), 1)


def _weights(source: str | None, settings: dict[str, Any]) -> Weights | None:
    """Read the weights and put their name and hash among the settings."""
    weights = Weights.read(source) if source else None
    if weights:
        settings.update(pretrained=weights.name, pretrained_sha256=weights.sha256)
    return weights
