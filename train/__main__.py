"""Command line of the training room: `python -m train fit`, `python -m train test`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
import torch

from train.covid_ct import DataError
from train.fit import fit
from train.pretrained import Weights
from train.run import Run, RunError, Settings

data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="EDGECT_DATA",
    required=True,
    help="Folder that holds covid-ct/ (or set EDGECT_DATA).",
)


@click.group()
def main() -> None:
    """Train and test the paper's light CNN."""


@main.command("fit")
@data_option
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Run folder.")
@click.option("--arrangement", type=int, default=1, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--learning-rate", type=float, default=Settings.learning_rate, show_default=True)
@click.option("--momentum", type=float, default=Settings.momentum, show_default=True)
@click.option("--l2", type=float, default=Settings.l2, show_default=True)
@click.option("--batch-size", type=int, default=Settings.batch_size, show_default=True)
@click.option(
    "--epochs", type=int, default=Settings.epochs, show_default=True, help="At the initial learning rate."
)
@click.option(
    "--more-epochs", type=int, default=Settings.more_epochs, show_default=True, help="With it dropping."
)
@click.option("--augmentation", type=click.Choice(["paper", "none"]), default="paper", show_default=True)
@click.option("--redraw", is_flag=True, help="Draw the augmentation anew in every epoch.")
@click.option(
    "--average-decay",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Of a moving average of the weights; 0 for none.",
)
@click.option("--image-size", type=int, default=Settings.image_size, show_default=True)
@click.option(
    "--pretrained", help="ImageNet weights of SqueezeNet v1.1: an .npz file, or `torchvision` to download."
)
@click.option("--precision", type=click.Choice(["fp32", "bf16"]), default="fp32", show_default=True)
@click.option("--threads", type=int, default=torch.get_num_threads(), show_default=True)
@click.option(
    "--device", type=click.Choice(["cpu", "cuda"]), default="cuda" if torch.cuda.is_available() else "cpu"
)
@click.option("--resume", is_flag=True, help="Continue the run in --out.")
def fit_command(data: Path, out: Path, resume: bool, device: str, **options: Any) -> None:
    """Train the proposed CNN; checkpoints after every epoch."""
    source = options.pop("pretrained")
    weights = Weights.read(source) if source else None
    if weights:
        options.update(pretrained=weights.name, pretrained_sha256=weights.sha256)
    selected = fit(Settings(**options), data, Run(out), weights, resume, device)
    click.echo(json.dumps(selected))


@main.command("test")
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
@data_option
def test_command(run: Path, data: Path) -> None:
    """Read the test split once with a finished RUN: five metrics with 95 % intervals."""
    from train.test import report, test

    click.echo(report(test(Run(run), data)))


if __name__ == "__main__":
    try:
        main()
    except (DataError, RunError, ValueError, OSError) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
