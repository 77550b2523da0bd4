"""A finished fine-tuning on a hospital's table alone, without its training; its threshold is not 0.5."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import torch

from tests.deploy.multi_source_run import SIZE, THRESHOLD, untrained_network
from train.finetune.finetune import Inputs
from train.finetune.parent import Parent
from train.finetune.run import FinetuneRun
from train.finetune.settings import FinetuneSettings
from train.finetune.tables import read_own_table
from train.multi_source.crops import Crops
from train.multi_source.recipe import Recipe
from train.run import write_json


def write(path: Path, table: Path) -> FinetuneRun:
    """table: as `tests.hospital_folder` writes it."""
    own = read_own_table(table)
    recipe = Recipe(sources={own.name: 1.0}, image_size=SIZE, upsample_groups=16, threads=1)
    network = untrained_network(recipe, Crops.read(own.source.train, Path(), SIZE))
    inputs = Inputs(Parent("parent", network, recipe, 0.5, {}), {own.name: own}, {}, Path())
    run = FinetuneRun(path)
    made_by = {"recipe": asdict(recipe), "settings": asdict(FinetuneSettings()), "precision_trial": None}
    run.begin_finetune({**made_by, **inputs.record()})
    torch.save(network.state_dict(), run.weights)
    write_json(run.validation_file, {"selected_step": 0, "threshold": THRESHOLD, "sources": {}})
    return run
