"""The folder of one training across sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from edgect.sources.about import About
from train.data.covid_ct import DataError, Item
from train.data.sources import Source, fingerprint, read_source, released_about
from train.multi_source.crops import Crops
from train.multi_source.recipe import Recipe
from train.networks.efficientnet import EfficientNetLite
from train.networks.light_cnn import LightCNN
from train.run import Run, RunError, read_json, versions, write_json

# how readings name the command that made them, since before it was called multi-source
TEST_READING, EVIDENCE_READING = "train across test", "train across evidence"
FINETUNE = "finetune"  # the kind that a fine-tuning's recipe.json names
Trained = LightCNN | EfficientNetLite
MAP_SIDE = 4  # of the maps that the finished network gives out; training has them whole


def turn_last_layer(layer: nn.Linear, weight: Sequence[float], bias: float) -> None:
    """Make the log-odds of the second class `weight @ embedding + bias`; the mean of both rows stays."""
    with torch.no_grad():
        for parameter, difference in zip(
            layer.parameters(), (torch.tensor(weight), torch.tensor(bias)), strict=True
        ):
            middle = parameter.mean(0)
            parameter.copy_(torch.stack([middle - difference / 2, middle + difference / 2]))


class MultiSourceRun(Run):
    """recipe.json, losses.csv, weights.pt, validation.json, and the readings of test parts."""

    def begin_multi_source(
        self,
        recipe: Recipe,
        mean: float,
        std: float,
        split: Mapping[str, Any],
        about: Mapping[str, About],
    ) -> None:
        """split, about: by source."""
        self.path.mkdir(parents=True, exist_ok=True)
        record = {
            "recipe": asdict(recipe),
            "mean": mean,
            "std": std,
            "split": split,
            "about": {name: asdict(known) for name, known in about.items()},
            "versions": versions(),
        }
        write_json(self.path / "recipe.json", record)

    def recorded(self) -> bool:
        return (self.path / "recipe.json").exists()

    def record(self) -> dict[str, Any]:
        return read_json(self.path / "recipe.json")

    def recipe(self) -> Recipe:
        return Recipe.from_json(self.record()["recipe"])

    def chosen_on(self) -> list[str]:
        """The sources on whose validation parts thresholds and the last layer are chosen."""
        names = [name for name, weight in self.recipe().sources.items() if weight > 0]
        head = read_json(self.head_file)["slices"] if self.head_file.exists() else ()
        return [*names, *(name for name in head if name not in names)]

    def about(self) -> dict[str, About]:
        """What is known of each source that it was made with; of older runs, what is known of it now."""
        recorded = self.record().get("about", {})
        return {
            name: About(**recorded[name]) if name in recorded else released_about(name)
            for name in {**self.recipe().sources, **dict.fromkeys(self.chosen_on())}
        }

    def read_source(self, name: str, data: Path) -> Source:
        """Raises DataError where the slices of a source that it was trained on are not those on record."""
        source, split = read_source(name, data), self.record()["split"]
        if name in split and split[name] != fingerprint(source):
            raise DataError(f"{data}: its slices of {name} are not those that {self.path} was trained with")
        return source

    def network(self) -> LightCNN:
        """The finished network, in evaluation mode, on the CPU, its last layer fitted again where it was.

        Raises RunError for a teacher's.
        """
        network = self.finished()
        if not isinstance(network, LightCNN):
            raise RunError(f"{self.path}: is a teacher, {self.recipe().architecture}; name a light CNN")
        return network

    def finished(self) -> Trained:
        """The network, which may be a teacher's, its last layer fitted again where it was."""
        network = self.member()
        if self.head_file.exists():
            head = read_json(self.head_file)
            turn_last_layer(network.classifier, head["weight"], head["bias"])
        return network

    @property
    def head_file(self) -> Path:
        """Written by `multi-source head`."""
        return self.path / "head.json"

    def member(self) -> Trained:
        """The network as training left it, which may be a teacher of another architecture."""
        if not self.weights.is_file():
            raise RunError(f"{self.weights}: missing; let the training finish (multi-source fit --resume)")
        return self._loaded(torch.load(self.weights, map_location="cpu", weights_only=True))

    def snapshot(self, steps: int) -> Path:
        """Where the averages after so many steps are kept."""
        return self.path / "snapshots" / f"{steps:06d}.pt"

    def snapshots(self) -> list[int]:
        """The steps that averages were kept after."""
        return sorted(int(file.stem) for file in (self.path / "snapshots").glob("*.pt"))

    def member_at(self, steps: int, averaging: str) -> Trained:
        """The average, `exponential` or `dense`, after so many steps, or with `none` the weights themselves.

        Raises RunError where they were not kept.
        """
        kept = torch.load(self.snapshot(steps), map_location="cpu", weights_only=True)
        if averaging not in kept:
            raise RunError(f"{self.snapshot(steps)}: keeps {', '.join(kept)} alone, not {averaging}")
        return self._loaded(kept[averaging])

    def crops(self, parts: Mapping[str, Sequence[Item]], data: Path, cache: Path | None) -> dict[str, Crops]:
        """What the network is shown of these slices."""
        recipe = self.recipe()
        return {
            name: Crops.read(items, data, recipe.image_size, cache, recipe.crop)
            for name, items in parts.items()
        }

    def _loaded(self, weights: Mapping[str, torch.Tensor]) -> Trained:
        record, recipe = self.record(), self.recipe()
        network: Trained = (
            EfficientNetLite()
            if recipe.architecture == "efficientnet-lite0"
            else LightCNN(
                record["mean"], record["std"], recipe.upsample_groups, MAP_SIDE, recipe.pooling == "attention"
            )
        )
        network.load_state_dict(weights)
        return network.eval()

    @property
    def trajectory_file(self) -> Path:
        """Written by `multi-source trajectory`."""
        return self.path / "trajectory.json"

    @property
    def validation_file(self) -> Path:
        return self.path / "validation.json"

    def threshold(self) -> float:
        """Chosen on the validation parts of the training's sources."""
        if not self.validation_file.exists():
            raise RunError(f"{self.path}: no threshold yet; `multi-source validate` chooses it")
        return float(read_json(self.validation_file)["threshold"])
