"""`multi-source fit`: training of the default network, of teachers and of students."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import torch

from train.commands import options
from train.commands.options import cache
from train.data.sources import released
from train.multi_source.recipe import OF_EFFICIENTNET, PARTS_OF_RECIPE, PRETRAINED, Recipe
from train.multi_source.run import MultiSourceRun
from train.multi_source.teacher import Member, identity
from train.networks.light_cnn import LightCNN
from train.networks.precision import PRECISIONS, Precision, fastest_precision
from train.networks.pretrained import Weights


@click.command("fit")
@options.data
@cache
@click.option("--out", type=options.folder, required=True, help="Run folder.")
@click.option("--pretrained", help="ImageNet weights of SqueezeNet: an .npz file, or `torchvision`.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--steps", type=click.IntRange(1), default=Recipe.steps, show_default=True)
@click.option("--image-size", type=(int, int), default=Recipe.image_size, show_default=True)
@click.option(
    "--source",
    "only",
    multiple=True,
    metavar="NAME[:WEIGHT]",
    help="Train on these alone: released sources, or folders of --data with a table.csv.",
)
@click.option(
    "--also", multiple=True, metavar="NAME[:WEIGHT]", help="Train on these too, beside the released sources."
)
@click.option(
    "--lay-in",
    multiple=True,
    metavar="NAME[:WEIGHT]",
    help="Train on these too, which have no COVID-19: half of the time with opacities of others laid in.",
)
@click.option("--leave-out", multiple=True, metavar="NAME", help="Do not train on these.")
@click.option(
    "--architecture",
    type=click.Choice(["light-cnn", "efficientnet-lite0"]),
    default=Recipe.architecture,
    show_default=True,
    help="The network; EfficientNet-Lite0 is a teacher alone.",
)
@click.option(
    "--averaging",
    type=click.Choice(["exponential", "dense"]),
    default=Recipe.averaging,
    show_default=True,
    help="Which average of the weights along the way is kept.",
)
@click.option("--shown-maps", is_flag=True, help="Train maps as they are shown, averaged over 4 × 4 places.")
@click.option(
    "--pooling",
    type=click.Choice(["mean", "attention"]),
    default=Recipe.pooling,
    show_default=True,
    help="How the last maps become one answer.",
)
@click.option(
    "--start", type=options.folder, metavar="RUN", help="A finished run whose weights are the first."
)
@click.option(
    "--learning-rate",
    type=click.FloatRange(min=0, min_open=True),
    default=Recipe.learning_rate,
    show_default=True,
)
@click.option("--weight-decay", type=click.FloatRange(0), default=Recipe.weight_decay, show_default=True)
@click.option(
    "--distortion",
    type=click.FloatRange(min=0, min_open=True),
    default=Recipe.distortion,
    show_default=True,
    help="How strongly training slices are moved, bent in their grey levels, blurred and made noisy.",
)
@click.option(
    "--teacher",
    multiple=True,
    metavar="RUN[:STEPS]",
    help="A finished run whose answers are learned too, or its average after so many steps; of "
    "several their mean.",
)
@click.option(
    "--teacher-weight",
    type=click.FloatRange(0, 1),
    default=0.7,
    show_default=True,
    help="Weight of the teacher's answers against the targets'.",
)
@click.option(
    "--keep-every",
    type=click.IntRange(0),
    default=0,
    help="Keep the weights and their averages after every so many steps, a multiple of 100.",
)
@click.option("--without", type=click.Choice(list(PARTS_OF_RECIPE)), help="Leave out a part of the recipe.")
@options.precision
@click.option("--threads", type=int, default=torch.get_num_threads(), show_default=True)
@click.option("--resume", is_flag=True, help="Continue the run in --out.")
def fit_command(
    data: Path,
    cache: Path | None,
    out: Path,
    pretrained: str | None,
    only: tuple[str, ...],
    also: tuple[str, ...],
    lay_in: tuple[str, ...],
    leave_out: tuple[str, ...],
    precision: str,
    without: str | None,
    resume: bool,
    teacher: tuple[str, ...],
    teacher_weight: float,
    keep_every: int,
    start: Path | None,
    **settings: Any,
) -> None:
    """Train one network, and choose its threshold on validation; with the defaults, the bundled one."""
    from train.multi_source.evaluation import validate
    from train.multi_source.fit import fit

    if settings["architecture"] != "light-cnn" and (start or settings["pooling"] != "mean"):
        raise click.UsageError("--start and --pooling are the light CNN's")
    if start and pretrained:
        raise click.UsageError("--start and --pretrained are both what a training starts from: give one")
    run = MultiSourceRun(out)
    members = [Member.read(text) for text in teacher]
    recipe = replace(Recipe(**settings), sources=_sources(only, (*also, *lay_in), leave_out))
    recipe = replace(recipe, laid_in=tuple(options.weighted(text, released())[0] for text in lay_in))
    if recipe.architecture == "efficientnet-lite0":
        recipe = replace(recipe, **OF_EFFICIENTNET)
    first = None
    if start:
        first = MultiSourceRun(start).network()
        recipe = replace(recipe, start=f"{start.name} {identity(first)}")
    if members:
        names = tuple(member.name for member in members)
        recipe = replace(recipe, teacher=teacher_weight, teachers=names)
    if precision in PRECISIONS:
        recipe = replace(recipe, precision=precision)
    else:
        recipe = replace(recipe, precision=_precision(run, recipe))
    if without:
        recipe = replace(recipe, **PARTS_OF_RECIPE[without])
        pretrained = None if without == PRETRAINED else pretrained
    weights = Weights.read(pretrained) if pretrained else None
    if weights:
        recipe = replace(recipe, pretrained=weights.name, pretrained_sha256=weights.sha256)
    fit(recipe, data, run, weights, resume, cache, members, keep_every, first)
    if recipe.architecture == "light-cnn":
        click.echo(json.dumps(validate(run, data, cache), indent=1))


def _precision(run: MultiSourceRun, recipe: Recipe) -> Precision:
    """What a run was begun with, or what is faster here."""
    if run.recorded():
        return run.recipe().precision
    torch.set_num_threads(recipe.threads)
    network = LightCNN(upsample_groups=recipe.upsample_groups)
    chosen, seconds = fastest_precision(network, recipe.image_size, recipe.batch_size)
    click.echo(f"precision {chosen}: a step takes {seconds} seconds", err=True)
    return chosen


def _sources(only: Sequence[str], also: Sequence[str], leave_out: Sequence[str]) -> dict[str, float]:
    """Weights by source, released sources first and in their order."""
    default = released()
    chosen = dict(options.weighted(text, default) for text in only) if only else default
    chosen |= dict(options.weighted(text, default) for text in also)
    names = [*(name for name in default if name in chosen), *(name for name in chosen if name not in default)]
    if unknown := set(leave_out) - chosen.keys():
        raise click.UsageError(f"--leave-out {sorted(unknown)[0]}: is none of {', '.join(names)}")
    if not (sources := {name: chosen[name] for name in names if name not in leave_out}):
        raise click.UsageError("no source is left to train on")
    return sources
