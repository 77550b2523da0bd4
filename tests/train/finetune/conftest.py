from __future__ import annotations

from pathlib import Path

import pytest

from train.data.sources import read_source
from train.finetune.finetune import Inputs
from train.finetune.parent import Parent, read_parent
from train.finetune.settings import FinetuneSettings, recipe_of
from train.finetune.tables import read_own_table
from train.multi_source.recipe import Recipe
from train.multi_source.run import MultiSourceRun

SETTINGS = FinetuneSettings(every=2, patience=2)


@pytest.fixture(scope="session")
def parent(finished: MultiSourceRun) -> Parent:
    return read_parent(str(finished.path))


def inputs_of(parent: Parent, hospital: Path, data: Path | None = None, cache: Path | None = None) -> Inputs:
    """With `data`, one released source is trained on besides."""
    table = read_own_table(hospital / "ours.csv")
    rehearsed = {"mosmed": read_source("mosmed", data)} if data else {}
    return Inputs(parent, {table.name: table}, rehearsed, data or Path(), cache)


def recipe_for(inputs: Inputs, steps: int = 4, seed: int = 0) -> Recipe:
    weights = dict.fromkeys(inputs.sources, 1.0)
    recipe = recipe_of(inputs.parent.recipe, weights, steps, seed, "fp32", threads=1)
    return Recipe(**{**vars(recipe), "batch_size": 4, "learning_rate": 1e-3})
