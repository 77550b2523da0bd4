"""`fit` trains one network, `search` looks for its hyper-parameters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from train.commands import options
from train.experiments import ARCHITECTURES, EXPERIMENTS
from train.fit import fit
from train.pretrained import Weights
from train.run import Run, Settings


@click.command("fit")
@options.of_a_training
@click.option("--out", type=options.folder, required=True, help="Run folder.")
@click.option("--architecture", type=click.Choice(list(ARCHITECTURES)), default="proposed", show_default=True)
@click.option("--learning-rate", type=float, default=Settings.learning_rate, show_default=True)
@click.option("--momentum", type=float, default=Settings.momentum, show_default=True)
@click.option("--l2", type=float, default=Settings.l2, show_default=True)
@click.option(
    "--epochs", type=int, default=Settings.epochs, show_default=True, help="At the initial learning rate."
)
@click.option(
    "--more-epochs", type=int, default=Settings.more_epochs, show_default=True, help="With it dropping."
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
    selected = fit(Settings(**settings), data, Run(out), weights, resume, device)
    click.echo(json.dumps(selected))


@click.command("search")
@options.of_a_training
@click.option("--out", type=options.folder, help="Default: runs/search/experiment-E-arrangement-A.")
@click.option("--experiment", type=click.Choice(list(EXPERIMENTS)), required=True, help="Of section 3.1.")
@click.option("--attempts", type=click.IntRange(1), default=30, show_default=True)
@click.option("--epochs", type=click.IntRange(1), default=20, show_default=True, help="Of each attempt.")
def search_command(
    data: Path,
    out: Path | None,
    experiment: str,
    attempts: int,
    pretrained: str | None,
    device: str,
    **settings: Any,
) -> None:
    """Search learning rate, momentum and L2; the same command again goes on after a stop."""
    from train.search import Search, search

    chosen = EXPERIMENTS[experiment]
    if chosen.transfer and not pretrained:
        raise click.UsageError(f"experiment {experiment} is {chosen.title}: --pretrained is needed")
    weights = _weights(pretrained, settings)
    every = Settings(architecture=chosen.architecture, more_epochs=0, **settings)
    out = out or Path(f"runs/search/experiment-{experiment}-arrangement-{every.arrangement}")
    click.echo(f"{out}: an attempt is on record when it has ended", err=True)
    click.echo(json.dumps(search(Search(out), experiment, data, every, attempts, weights, device)))


def _weights(source: str | None, settings: dict[str, Any]) -> Weights | None:
    """Read the weights and put their name and hash among the settings."""
    weights = Weights.read(source) if source else None
    if weights:
        settings.update(pretrained=weights.name, pretrained_sha256=weights.sha256)
    return weights
