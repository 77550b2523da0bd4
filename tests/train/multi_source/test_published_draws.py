"""The bundled network's training draws the samples that it was trained with."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.train.small_runs import PLAIN, draw_crop
from train.data.sources import TABLES, read_source
from train.multi_source.crops import Crops
from train.multi_source.recipe import Recipe
from train.multi_source.run import MultiSourceRun
from train.multi_source.samples import Samples

RUN = MultiSourceRun(Path(__file__).parents[3] / "train/runs/lungs")
SIZE, STEPS = (35, 43), 20
# of what the code drew by which the run was trained, with the same invented crops
TARGETS = "388373ad4b9368235e4ce27d5ebb1806910b111bc7c4572db25a3a6507551734"
PLACES = "c631d6282f4748725b324f654cc1d3b9ff9e405ad846bf28484904697e0b0334"


@pytest.fixture(scope="module")
def released_crops(tmp_path_factory: pytest.TempPathFactory) -> Crops:
    """Invented crops, two of three with an opacity, in place of the released slices; place in a corner."""
    data = tmp_path_factory.mktemp("released")
    items = [item for name in RUN.recipe().sources for item in read_source(_empty(data, name), data).train]
    plain, hazy = draw_crop(size=SIZE), draw_crop((10, 17), size=SIZE)
    images = np.stack([(hazy if n % 3 else plain)[0] for n in range(len(items))])
    places = np.arange(len(items))
    images[:, 0, 0], images[:, 0, 1] = places // 256, places % 256
    lungs = np.stack([plain[1]] * len(items))
    return Crops(items, images, lungs, lungs.any((1, 2)))


def _empty(data: Path, name: str) -> str:
    """Files of the released names, with nothing in them."""
    for row in csv.DictReader((TABLES / f"{name}.csv").open(newline="")):
        path = data / name / row["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return name


def digest(crops: Crops, recipe: Recipe, places: bool) -> str:
    samples, digest = Samples(crops, recipe), hashlib.sha256()
    for step in range(STEPS):
        batch = samples.batch(step)
        digest.update(batch.targets.tobytes())
        if places:
            digest.update(np.ascontiguousarray(batch.images[:, 0, :2]).tobytes())
    return digest.hexdigest()


def test_targets_are_those_of_the_published_run(released_crops: Crops) -> None:
    assert digest(released_crops, RUN.recipe(), places=False) == TARGETS


def test_slices_are_those_of_the_published_run_where_nothing_is_changed(released_crops: Crops) -> None:
    assert digest(released_crops, replace(RUN.recipe(), **PLAIN), places=True) == PLACES


def test_the_default_recipe_is_that_of_the_published_run() -> None:
    recipe = RUN.recipe()
    assert list(Recipe().sources.items()) == list(recipe.sources.items())
    changes = {"pretrained": recipe.pretrained, "pretrained_sha256": recipe.pretrained_sha256}
    assert replace(Recipe(), **changes) == recipe
