"""`finetune` goes on training the default network on a hospital's own slices."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import torch

from edgect import provenance
from train.commands import options
from train.data.sources import read_source
from train.finetune.finetune import Inputs, finetune
from train.finetune.parent import read_parent
from train.finetune.run import FinetuneRun
from train.finetune.settings import NOT_REHEARSED, REHEARSED, FinetuneSettings, recipe_of
from train.finetune.tables import check_tables, read_own_table
from train.multi_source.recipe import Recipe
from train.networks.light_cnn import LightCNN
from train.networks.precision import PRECISIONS, Precision, fastest_precision

NONE = "none"


@click.command("finetune")
@click.option(
    "--from", "parent_name", default="lungs", show_default=True, metavar="RUN|BUNDLE", help="Start here."
)
@click.option(
    "--table",
    "tables",
    multiple=True,
    required=True,
    metavar="TABLE[:WEIGHT]",
    help="A CSV of labelled slices, with the columns path, label and perhaps patient; may be repeated. Its "
    "training part is trained on, its validation part selects the step, its test part is left alone.",
)
@click.option("--out", type=options.folder, required=True, help="Run folder.")
@click.option(
    "--data",
    type=options.folder,
    envvar="EDGECT_DATA",
    help="Folder of the released sources (or set EDGECT_DATA).",
)
@click.option(
    "--sources",
    metavar="NAME,...|none",
    help="Released sources to train on besides.  [default: those of the start that --data has]",
)
@click.option("--steps", type=click.IntRange(1), default=200, show_default=True)
@click.option(
    "--every", type=click.IntRange(1), default=20, show_default=True, help="Steps between validations."
)
@click.option(
    "--patience",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="Validations without a lower loss.",
)
@click.option(
    "--learning-rate", type=click.FloatRange(0, min_open=True), help="The largest.  [default: 1e-4]"
)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@options.precision
@click.option("--threads", type=int, default=torch.get_num_threads(), show_default=True)
@options.cache
@click.option("--resume", is_flag=True, help="Continue the run in --out.")
def finetune_command(
    parent_name: str,
    tables: tuple[str, ...],
    out: Path,
    data: Path | None,
    sources: str | None,
    learning_rate: float | None,
    device: str,
    precision: str,
    cache: Path | None,
    resume: bool,
    **settings: Any,
) -> None:
    """Go on training from a finished network, on tables of labelled slices.

    Released sources are trained on besides where they are at hand, so that they are not forgotten; where none
    are, the start's own answers and weights stand in for them. Ends early where the validation loss no
    longer falls; the start itself is kept where no step is better.
    """
    parent, run = read_parent(parent_name), FinetuneRun(out)
    weighted = [options.weighted(text, {}) for text in tables]
    own = [read_own_table(Path(path)) for path, _ in weighted]
    check_tables(own)
    names = _at_hand(sources, parent.recipe, data)
    if taken := {table.name for table in own} & set(names):
        raise click.UsageError(f"a table is called {sorted(taken)[0]}, as a released source is; rename it")
    folder = data or Path()
    inputs = Inputs(
        parent,
        {table.name: table for table in own},
        {n: read_source(n, folder) for n in names},
        folder,
        cache,
    )
    device = device if device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    chosen, trial = _precision(precision, run, parent.network, parent.recipe.image_size, device)
    weights = {t.name: weight for t, (_, weight) in zip(own, weighted, strict=True)}
    weights |= {name: parent.recipe.sources[name] for name in names}
    stand_in = REHEARSED if names else NOT_REHEARSED
    tuned = FinetuneSettings(settings.pop("every"), settings.pop("patience"), **stand_in, device=device)
    recipe = recipe_of(parent.recipe, weights, precision=chosen, **settings)
    recipe = replace(recipe, learning_rate=learning_rate or recipe.learning_rate)
    content = finetune(inputs, recipe, tuned, run, trial, resume)
    _record(run, inputs, recipe.seed, content)
    click.echo(json.dumps(content, indent=1))


def _at_hand(sources: str | None, parent: Recipe, data: Path | None) -> list[str]:
    """Names of the start's sources to train on besides, in its order."""
    if sources is None:
        return [name for name in parent.sources if data is not None and (data / name).is_dir()]
    names = [] if sources == NONE else sources.split(",")
    if unknown := [name for name in names if name not in parent.sources]:
        raise click.UsageError(
            f"--sources {unknown[0]}: the start was trained on {', '.join(parent.sources)}"
        )
    if names and data is None:
        raise click.UsageError("--sources needs --data, the folder that holds them")
    return [name for name in parent.sources if name in names]


def _precision(
    asked: str, run: FinetuneRun, network: LightCNN, size: tuple[int, int], device: str
) -> tuple[Precision, dict[Precision, float] | None]:
    """The precision to train in, and what a trial has measured; a run that was begun keeps its own."""
    if asked in PRECISIONS:
        return asked, None
    if run.recorded():
        return run.recipe().precision, run.record()["precision_trial"]
    return fastest_precision(copy.deepcopy(network).to(device), size, Recipe.batch_size, device)


def _record(run: FinetuneRun, inputs: Inputs, seed: int, figures: Mapping[str, Any]) -> None:
    """How the figures came about, as `edgect evaluate --record` writes it."""
    arguments = {
        name: value for name, value in click.get_current_context().params.items() if name != "resume"
    }
    tables = {name: table.fixed for name, table in inputs.tables.items()}
    content = provenance.record(
        "train finetune", arguments, tables=tables, bundles=[], seed=seed, figures=figures
    )
    for sentence in provenance.write(content, run.path / "record.json"):
        click.echo(sentence, err=True)
