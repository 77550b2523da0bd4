"""A fine-tuning from its parent to a finished run folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from train.data.covid_ct import DataError, Item
from train.data.sources import Source, fingerprint
from train.finetune import validation
from train.finetune.parent import Parent
from train.finetune.run import FinetuneRun
from train.finetune.scalars import scalars
from train.finetune.settings import FinetuneSettings
from train.finetune.tables import OwnTable
from train.finetune.training import Finetuning
from train.multi_source.crops import Crops
from train.multi_source.evaluation import balanced_threshold, evaluate_items, with_views
from train.multi_source.recipe import Recipe
from train.multi_source.samples import Samples
from train.networks import predict
from train.networks.light_cnn import LightCNN
from train.networks.precision import Precision
from train.run import RunError, write_json


@dataclass(frozen=True)
class Inputs:
    """tables: the hospital's own. rehearsed: the released sources at hand, in the folder `data`."""

    parent: Parent
    tables: Mapping[str, OwnTable]
    rehearsed: Mapping[str, Source]
    data: Path
    cache: Path | None = None

    @property
    def sources(self) -> dict[str, Source]:
        return {**{name: table.source for name, table in self.tables.items()}, **self.rehearsed}

    def crops(self, items: Sequence[Item]) -> Crops:
        recipe = self.parent.recipe
        return Crops.read(items, self.data, recipe.image_size, self.cache, recipe.crop)

    def record(self) -> dict[str, Any]:
        return {
            "mean": self.parent.network.mean,
            "std": self.parent.network.std,
            "parent": self.parent.record(),
            "tables": {name: table.record() for name, table in self.tables.items()},
            "split": {name: fingerprint(source) for name, source in self.rehearsed.items()},
            "about": {
                name: asdict(about)
                for name, about in {
                    **self.parent.about,
                    **{name: source.about for name, source in self.sources.items()},
                }.items()
            },
        }


def finetune(
    inputs: Inputs,
    recipe: Recipe,
    settings: FinetuneSettings,
    run: FinetuneRun,
    trial: Mapping[Precision, float] | None = None,
    resume: bool = False,
) -> dict[str, Any]:
    """Train on training parts, select a step on the tables' validation parts, and choose the threshold there.

    The parent is step 0 and in the race. No test part is used; of tables, files are read to be told by their
    content. With `resume`, what was stopped goes on to the same end. trial: seconds of a step by precision,
    for the record. Returns what `validation.json` holds.

    Raises RunError when the folder holds another run, DataError for data not as recorded, DivergedError.
    """
    if (run.checkpoint.exists() or run.weights.exists()) and not resume:
        raise RunError(f"{run.path}: holds a run already; --resume continues it")
    torch.set_num_threads(recipe.threads)
    training = Finetuning(recipe, settings, inputs.parent.network)
    _begin(inputs, recipe, settings, run, trial, training)
    trained_on = [item for source in inputs.sources.values() for item in source.train]
    crops = {
        name: inputs.crops(source.val)
        for name, source in inputs.sources.items()
        if source.val and recipe.sources[name] > 0
    }
    log = scalars(run.path / "tensorboard")
    samples = Samples(inputs.crops(trained_on), recipe)
    if not training.history:
        _validate(training, crops, inputs, run, None, log)
    while not training.ended():
        loss = training.round(samples)
        _validate(training, crops, inputs, run, loss, log)
    return _finish(training, crops, inputs, run)


def _begin(
    inputs: Inputs,
    recipe: Recipe,
    settings: FinetuneSettings,
    run: FinetuneRun,
    trial: Mapping[Precision, float] | None,
    training: Finetuning,
) -> None:
    """A new folder, or the checkpoint of one that was begun with the same."""
    if not run.checkpoint.exists():
        made_by = {"recipe": asdict(recipe), "settings": asdict(settings), "precision_trial": trial}
        run.begin_finetune({**made_by, **inputs.record()})
        return
    training.restore(run.checkpoint)
    recorded, current = run.record(), inputs.record()
    if recorded["parent"]["weights_sha256"] != current["parent"]["weights_sha256"]:
        raise RunError(f"{run.path}: was begun from another network than {inputs.parent.name}")
    for name, table in current["tables"].items():
        known = recorded["tables"].get(name, {})
        if any(known.get(key) != table[key] for key in ("sha256", "parts")):
            raise DataError(f"{table['path']}: its slices are not those that {run.path} was begun with")
    if recorded["split"] != current["split"]:
        raise DataError(f"{inputs.data}: its slices are not those that {run.path} was begun with")


def _validate(
    training: Finetuning,
    crops: Mapping[str, Crops],
    inputs: Inputs,
    run: FinetuneRun,
    loss: float | None,
    log: Any,
) -> None:
    measured = validation.measure(training.average, crops, training.steps_done, training.settings.device)
    training.select(validation.loss_of_tables(measured, list(inputs.tables)), measured)
    training.save(run.checkpoint)
    validation.write_table(training.history, run.path / "validation.csv")
    every = training.settings.every
    rows = [
        f"{min((n + 1) * every, training.recipe.steps)},{own:.6f}" for n, own in enumerate(training.losses)
    ]
    (run.path / "losses.csv").write_text("\n".join(["step,train_loss", *rows]) + "\n")
    log(training.steps_done, loss, measured)


def _finish(
    training: Finetuning, crops: Mapping[str, Crops], inputs: Inputs, run: FinetuneRun
) -> dict[str, Any]:
    torch.save(training.best, run.weights)
    validation.draw(training.history, training.selected, run.path / "validation.png")
    before, after = (_scored(network, crops) for network in (inputs.parent.network, run.network()))
    threshold = balanced_threshold(list(after.values()))
    content = {
        "selected_step": training.selected,
        "threshold": threshold,
        "sources": _evaluated(after, inputs, threshold),
        "parent": {
            "threshold": inputs.parent.threshold,
            "sources": _evaluated(before, inputs, inputs.parent.threshold),
        },
    }
    write_json(run.validation_file, content)
    return content


def _scored(network: LightCNN, crops: Mapping[str, Crops]) -> dict[str, Any]:
    return {
        name: (own.items, predict.probabilities(predict.logits(network, own.images)))
        for name, own in crops.items()
    }


def _evaluated(scored: Mapping[str, Any], inputs: Inputs, threshold: float) -> dict[str, Any]:
    judged = with_views(scored, inputs.sources)
    return {name: evaluate_items(*pair, threshold) for name, pair in judged.items()}
