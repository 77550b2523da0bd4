"""Command line of the training room: `python -m train fit`, `python -m train test`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
import torch

from train.covid_ct import DataError
from train.experiments import ARCHITECTURES, EXPERIMENTS
from train.fit import fit
from train.pretrained import Weights
from train.run import Run, RunError, Settings

folder = click.Path(path_type=Path, file_okay=False)
data_option = click.option(
    "--data",
    type=folder,
    envvar="EDGECT_DATA",
    required=True,
    help="Folder that holds covid-ct/ (or set EDGECT_DATA).",
)


@click.group()
def main() -> None:
    """Train and test the paper's light CNN, search its hyper-parameters, report what was found."""


def training_options(command: Any) -> Any:
    """The options that single trainings and searches share."""
    for option in reversed(
        [
            data_option,
            click.option("--arrangement", type=click.IntRange(1, 2), default=1, show_default=True),
            click.option("--seed", type=int, default=0, show_default=True),
            click.option("--batch-size", type=int, default=Settings.batch_size, show_default=True),
            click.option("--image-size", type=int, default=Settings.image_size, show_default=True),
            click.option(
                "--augmentation", type=click.Choice(["paper", "none"]), default="paper", show_default=True
            ),
            click.option(
                "--pretrained",
                help="SqueezeNet's ImageNet weights: an .npz file, or `torchvision` to download.",
            ),
            click.option(
                "--precision", type=click.Choice(["fp32", "bf16"]), default="fp32", show_default=True
            ),
            click.option("--threads", type=int, default=torch.get_num_threads(), show_default=True),
            click.option(
                "--device",
                type=click.Choice(["cpu", "cuda"]),
                default="cuda" if torch.cuda.is_available() else "cpu",
            ),
        ]
    ):
        command = option(command)
    return command


@main.command("fit")
@training_options
@click.option("--out", type=folder, required=True, help="Run folder.")
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
    data: Path, out: Path, pretrained: str | None, resume: bool, device: str, **options: Any
) -> None:
    """Train one network; checkpoints after every epoch."""
    weights = _weights(pretrained, options)
    selected = fit(Settings(**options), data, Run(out), weights, resume, device)
    click.echo(json.dumps(selected))


@main.command("search")
@training_options
@click.option("--out", type=folder, help="Search folder.  [default: runs/search/experiment-E-arrangement-A]")
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
    **options: Any,
) -> None:
    """Search learning rate, momentum and L2; the same command again goes on after a stop."""
    from train.search import Search, search

    chosen = EXPERIMENTS[experiment]
    if chosen.transfer and not pretrained:
        raise click.UsageError(f"experiment {experiment} is {chosen.title}: --pretrained is needed")
    weights = _weights(pretrained, options)
    settings = Settings(architecture=chosen.architecture, more_epochs=0, **options)
    out = out or Path(f"runs/search/experiment-{experiment}-arrangement-{settings.arrangement}")
    click.echo(f"{out}: an attempt is on record when it has ended", err=True)
    click.echo(json.dumps(search(Search(out), experiment, data, settings, attempts, weights, device)))


def _weights(source: str | None, options: dict[str, Any]) -> Weights | None:
    """Read the weights and put their name and hash among the settings."""
    weights = Weights.read(source) if source else None
    if weights:
        options.update(pretrained=weights.name, pretrained_sha256=weights.sha256)
    return weights


@main.command("test")
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
@data_option
@click.option(
    "--part",
    type=click.Choice(["test-1", "test-2", "validation-1", "validation-2"]),
    default="test-1",
    show_default=True,
)
def test_command(run: Path, data: Path, part: Any) -> None:
    """Read a part once with a finished RUN: five metrics with 95 % intervals."""
    from train.test import report, test

    finished = Run(run)
    click.echo(report(test(finished, data, part), finished.arrangement().number))


if __name__ == "__main__":
    try:
        main()
    except (DataError, RunError, ValueError, OSError) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
