"""Options that several commands share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import torch

from train.run import TrainingSettings

folder = click.Path(path_type=Path, file_okay=False)
finished_run = click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
data = click.option(
    "--data",
    type=folder,
    envvar="EDGECT_DATA",
    required=True,
    help="Folder that holds covid-ct/ and the other sources (or set EDGECT_DATA).",
)
precision = click.option(
    "--precision",
    type=click.Choice(["auto", "fp32", "bf16"]),
    default="auto",
    show_default=True,
    help="Of convolutions; auto: the faster of both in a short trial on this machine, which is recorded.",
)
_TRAINING_OPTIONS = [
    data,
    click.option("--arrangement", type=click.IntRange(1, 2), default=1, show_default=True),
    click.option("--seed", type=int, default=0, show_default=True),
    click.option("--batch-size", type=int, default=TrainingSettings.batch_size, show_default=True),
    click.option("--image-size", type=int, default=TrainingSettings.image_size, show_default=True),
    click.option("--augmentation", type=click.Choice(["paper", "none"]), default="paper", show_default=True),
    click.option("--pretrained", help="ImageNet weights of SqueezeNet: an .npz file, or `torchvision`."),
    click.option("--precision", type=click.Choice(["fp32", "bf16"]), default="fp32", show_default=True),
    click.option("--threads", type=int, default=torch.get_num_threads(), show_default=True),
    click.option(
        "--device", type=click.Choice(["cpu", "cuda"]), default="cuda" if torch.cuda.is_available() else "cpu"
    ),
]  # fmt: skip


def training_options(command: Any) -> Any:
    """What single trainings and searches have in common."""
    for option in reversed(_TRAINING_OPTIONS):
        command = option(command)
    return command


def weighted(text: str, default: Mapping[str, float]) -> tuple[str, float]:
    """NAME or NAME:WEIGHT; without a weight the default of that name, or 1. Raises BadParameter."""
    name, colon, cell = text.rpartition(":")
    if not colon:
        return text, default.get(text, 1.0)
    try:
        weight = float(cell)
    except ValueError:
        return text, default.get(text, 1.0)  # a colon of the name's own
    if not 0 <= weight < math.inf:
        raise click.BadParameter(f"{text}: the weight must be 0 or more")
    return name, weight


cache = click.option(
    "--cache",
    type=folder,
    help="Folder that keeps cropped slices for the next run; delete it when data or code change.",
)
