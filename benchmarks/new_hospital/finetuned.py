"""A network fine-tuned on the slices of patients that were drawn."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.new_hospital.methods import Scored
from train.data.covid_ct import Item
from train.data.sources import Source
from train.finetune.finetune import Inputs, finetune
from train.finetune.parent import read_parent
from train.finetune.run import FinetuneRun
from train.finetune.settings import REHEARSED, FinetuneSettings, recipe_of
from train.finetune.tables import read_own_table
from train.multi_source.crops import Crops
from train.multi_source.run import MultiSourceRun
from train.networks import predict

STEPS, VALIDATION = 200, 5  # every so many patients of a class are in the validation part


def fine_tune(
    run: MultiSourceRun,
    drawn: Sequence[Item],
    rehearsed: dict[str, Source],
    data: Path,
    cache: Path | None,
    folder: Path,
    threads: int,
) -> FinetuneRun:
    """The finished run in `folder`; an interrupted one goes on. drawn: slices of the patients drawn."""
    finished = FinetuneRun(folder / "run")
    if finished.validation_file.is_file():
        return finished
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / "hospital.csv"
    _write_table(table, drawn, data)
    parent, own = read_parent(str(run.path)), read_own_table(table)
    weights = {own.name: 1.0, **{name: parent.recipe.sources.get(name, 0.0) for name in rehearsed}}
    recipe = recipe_of(parent.recipe, weights, STEPS, 0, "fp32", threads)
    inputs = Inputs(parent, {own.name: own}, rehearsed, data, cache)
    settings = FinetuneSettings(**REHEARSED)
    finetune(inputs, recipe, settings, finished, resume=finished.checkpoint.exists())
    return finished


def score(run: FinetuneRun, held: Sequence[Item], data: Path, cache: Path | None) -> Scored:
    recipe = run.recipe()
    crops = Crops.read(held, data, recipe.image_size, cache, recipe.crop)
    logits = predict.logits(run.network(), crops.images).double().numpy()
    probability = run.threshold()
    return Scored(np.asarray(logits[:, 1] - logits[:, 0]), float(np.log(probability / (1 - probability))))


def _write_table(table: Path, drawn: Sequence[Item], data: Path) -> None:
    order: dict[int, list[str]] = {0: [], 1: []}
    for item in drawn:
        if item.patient not in order[item.label]:
            order[item.label].append(item.patient)
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("path", "label", "patient", "group", "part"))
        for item in drawn:
            place = order[item.label].index(item.patient)
            part = "validation" if place % VALIDATION == 0 else "train"
            writer.writerow(((data / item.path).resolve(), item.label, item.patient, item.group, part))
