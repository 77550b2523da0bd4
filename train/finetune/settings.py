"""Everything that decides a fine-tuning besides the recipe of its samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from train.multi_source.recipe import Recipe
from train.networks.precision import Precision


@dataclass(frozen=True)
class FinetuneSettings:
    """every: steps between validations. patience: validations without a lower loss after which it ends.

    distillation: weight of the parent's answers on the same samples, against that of the labels; pull:
    weight of the squared distance of all weights from the parent's. Both stand in for the sources that
    the parent was trained on, where these are not at hand (Li and Hoiem 2016, Learning without forgetting).
    """

    every: int = 20
    patience: int = 5
    distillation: float = 0.0
    pull: float = 0.0
    device: str = "cpu"


REHEARSED: dict[str, float] = {"distillation": 0.0, "pull": 0.0}
NOT_REHEARSED: dict[str, float] = {"distillation": 1.0, "pull": 0.1}
# what differs from the training of the default network: gentler, shorter, and with no head for opacities
RECIPE: dict[str, Any] = {
    "learning_rate": 1e-4,
    "weight_decay": 0.0,
    "warm_up": 10,
    "average_decay": 0.95,
    "distortion": 1.0,
    "opacities": 0.0,
}


def recipe_of(
    parent: Recipe, sources: Mapping[str, float], steps: int, seed: int, precision: Precision, threads: int
) -> Recipe:
    """The recipe of the samples: the network is the parent's, and so are its crops."""
    return Recipe(
        sources=dict(sources),
        crop=parent.crop,
        image_size=parent.image_size,
        upsample_groups=parent.upsample_groups,
        steps=steps,
        seed=seed,
        precision=precision,
        threads=threads,
        **RECIPE,
    )
