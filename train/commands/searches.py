"""`pack` and `search-all`: the paper's eight searches on one GPU, from one file."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click
import torch

from train.commands import options
from train.data.packed import ARRANGEMENTS, PackedData, pack
from train.networks.precision import PRECISIONS, Precision
from train.paper.experiments import EXPERIMENTS
from train.run import TrainingSettings

PAPERS = ("4", "1", "2", "3")  # the paper's, the longest first
file = click.Path(path_type=Path, dir_okay=False)


@click.command("pack")
@options.data
@click.option("--out", type=file, required=True, help="File to write, .npz.")
@click.option("--pretrained", type=file, help="ImageNet weights of SqueezeNet, .npz, for experiment 3.")
@click.option("--image-size", type=int, default=TrainingSettings.image_size, show_default=True)
def pack_command(data: Path, out: Path, pretrained: Path | None, image_size: int) -> None:
    """Put what `search-all` needs into one file: training and validation slices, and weights."""
    size = pack(data, out, image_size, pretrained)
    click.echo(f"{out}: {size / 2**20:.1f} MiB", err=True)


@click.command("search-all")
@click.option("--packed", type=file, required=True, help="File that `pack` wrote.")
@click.option("--out", type=options.folder, default=Path("runs/search"), show_default=True)
@click.option(
    "--experiment",
    "experiments",
    type=click.Choice(list(EXPERIMENTS)),
    multiple=True,
    default=PAPERS,
    show_default=True,
)
@click.option(
    "--arrangement",
    "arrangements",
    type=click.IntRange(1, 2),
    multiple=True,
    default=ARRANGEMENTS,
    show_default=True,
)
@click.option("--attempts", type=click.IntRange(1), default=30, show_default=True, help="Of each search.")
@click.option("--epochs", type=click.IntRange(1), default=20, show_default=True, help="Of each attempt.")
@click.option("--at-once", type=click.IntRange(1), default=6, show_default=True, help="Attempts of a batch.")
@click.option(
    "--processes", type=click.IntRange(1), default=8, show_default=True, help="Searches side by side."
)
@click.option("--minutes", type=click.FloatRange(0), default=12, show_default=True, help="Then stop.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--batch-size", type=int, default=TrainingSettings.batch_size, show_default=True)
@click.option("--augmentation", type=click.Choice(["paper", "none"]), default="paper", show_default=True)
@click.option("--precision", type=click.Choice(PRECISIONS), help="Default: bf16 on cuda, else fp32.")
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True, help="Of each process.")
@click.option(
    "--device", type=click.Choice(["cpu", "cuda"]), default="cuda" if torch.cuda.is_available() else "cpu"
)
def search_all_command(
    packed: Path,
    out: Path,
    experiments: tuple[str, ...],
    arrangements: tuple[int, ...],
    attempts: int,
    epochs: int,
    at_once: int,
    processes: int,
    minutes: float,
    seed: int,
    batch_size: int,
    augmentation: str,
    precision: Precision | None,
    threads: int,
    device: str,
) -> None:
    """Make all searches of Tables 3 and 4 at once, with many attempts side by side.

    The record is that of `search`. After --minutes, or a stop, the same command goes on from its last
    checkpoint, which is at most half a minute and an epoch old.
    """
    from train.paper.search.all_searches import Job, make

    if device == "cuda" and not torch.cuda.is_available():
        raise click.UsageError("--device cuda: torch has no CUDA device here")
    data, deadline, jobs = PackedData.read(packed), time.time() + 60 * minutes, []
    for experiment in experiments:
        chosen = EXPERIMENTS[experiment]
        if chosen.transfer and data.weights is None:
            raise click.UsageError(
                f"{packed} has no ImageNet weights, which experiment {experiment} needs: pack --pretrained"
            )
        for arrangement in arrangements:
            settings = TrainingSettings(
                arrangement=arrangement,
                architecture=chosen.architecture,
                seed=seed,
                batch_size=batch_size,
                epochs=epochs,
                more_epochs=0,
                augmentation=augmentation,  # type: ignore[arg-type]
                image_size=data.image_size,
                pretrained=data.weights.name if data.weights and chosen.transfer else None,
                pretrained_sha256=data.weights.sha256 if data.weights and chosen.transfer else None,
                precision=precision or ("bf16" if device == "cuda" else "fp32"),
                threads=threads,
            )
            jobs.append(Job(packed, out, experiment, settings, attempts, at_once, device, deadline))
    results = make(jobs, processes)
    for result in results:
        click.echo(json.dumps(result))
    if any(result["attempts"] < attempts for result in results):
        click.echo(f"the {minutes:g} minutes are over; the same command goes on from here", err=True)
