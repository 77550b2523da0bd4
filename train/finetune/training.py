"""Steps of a fine-tuning: labels, and what keeps the network near its parent; checkpoints."""

from __future__ import annotations

import copy
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from edgect.machine import atomic
from train.finetune.settings import FinetuneSettings
from train.finetune.validation import Measured
from train.multi_source.fit import learning_rate_at
from train.multi_source.guidance import outside_share
from train.multi_source.recipe import Recipe
from train.multi_source.samples import Batch, Samples
from train.networks.light_cnn import LightCNN
from train.networks.moving_average import averaged
from train.networks.precision import arithmetic
from train.run import DivergedError, RunError

State = dict[str, Tensor]


class Finetuning:
    """Network, optimiser, moving average, and what was measured so far.

    Batch normalisation keeps the parent's statistics: a hospital's slices are too few, and too much alike,
    to take new ones from. losses: mean of every round. best: weights of the selected step, None for the
    parent's own.
    """

    def __init__(self, recipe: Recipe, settings: FinetuneSettings, parent: LightCNN) -> None:
        self.recipe, self.settings = recipe, settings
        self.parent = copy.deepcopy(parent).to(settings.device).eval()
        self.parent.to(memory_format=torch.channels_last)
        self.network = copy.deepcopy(self.parent)
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        self.averaged = averaged(self.network, recipe.average_decay)
        self.losses: list[float] = []
        self.history: list[Measured] = []
        self.selected, self.least = 0, math.inf
        self.best: State = weights_of(self.parent)

    @property
    def average(self) -> LightCNN:
        return cast(LightCNN, self.averaged.module)

    @property
    def steps_done(self) -> int:
        return min(len(self.losses) * self.settings.every, self.recipe.steps)

    def ended(self) -> bool:
        """Whether all steps are done, or patience is."""
        waited = self.steps_done - self.selected
        return self.steps_done >= self.recipe.steps or waited >= self.settings.patience * self.settings.every

    def select(self, loss: float, measured: list[Measured]) -> None:
        """Note what the moving average does after the steps so far, and keep it where its loss is least."""
        self.history += measured
        if loss < self.least:
            self.selected, self.least, self.best = self.steps_done, loss, weights_of(self.average)

    def round(self, samples: Samples) -> float:
        """The steps until the next validation. Returns their mean loss; raises DivergedError."""
        first, last = self.steps_done, min(self.steps_done + self.settings.every, self.recipe.steps)
        total = 0.0
        for step in range(first, last):
            total += self._step(samples.batch(step), step)
            if not math.isfinite(total):
                raise DivergedError(f"the loss is {total} at step {step}; try a lower learning rate")
        self.losses.append(total / (last - first))
        return self.losses[-1]

    def _step(self, batch: Batch, step: int) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate_at(self.recipe, step)
        loss = self._loss(batch)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        self.averaged.update_parameters(self.network)
        return loss.item()

    def _loss(self, batch: Batch) -> Tensor:
        recipe, settings, device = self.recipe, self.settings, self.settings.device
        images = torch.from_numpy(batch.images).unsqueeze(1).to(device)
        with arithmetic(recipe.precision, device):
            features = self.network.features(images)
        features = features.float()
        log_odds = _log_odds(self.network, features)
        entropy = nn.functional.binary_cross_entropy_with_logits
        loss = entropy(log_odds, torch.from_numpy(batch.targets).to(device))
        if recipe.guidance:
            evidence, lungs = self.network.evidence(features), torch.from_numpy(batch.lungs).to(device)
            loss = loss + recipe.guidance * outside_share(evidence, lungs)
        if settings.distillation:
            with torch.no_grad(), arithmetic(recipe.precision, device):
                answers = _log_odds(self.parent, self.parent.features(images).float()).sigmoid()
            loss = loss + settings.distillation * entropy(log_odds, answers)
        if settings.pull:
            loss = loss + settings.pull * self._distance()
        return loss

    def _distance(self) -> Tensor:
        """Squared distance of all weights from the parent's."""
        pairs = zip(self.network.parameters(), self.parent.parameters(), strict=True)
        return torch.stack([(own - parents.detach()).square().sum() for own, parents in pairs]).sum()

    def save(self, path: Path) -> None:
        content = {
            "of": self._of(),
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "losses": self.losses,
            "history": [tuple(row) for row in self.history],
            "selected": self.selected,
            "least": self.least,
            "best": self.best,
        }
        with atomic.replacing(path, part=path.with_suffix(".part")) as file:
            torch.save(content, file)

    def restore(self, path: Path) -> None:
        """Back to a checkpoint. Raises RunError where it was made by other settings."""
        content = torch.load(path, map_location=self.settings.device, weights_only=True)
        recorded, current = content["of"], self._of()
        if differing := [
            f"{k} {recorded.get(k)}, not {current[k]}" for k in current if recorded.get(k) != current[k]
        ]:
            raise RunError(f"{path.parent}: was begun with {'; '.join(differing)}")
        self.network.load_state_dict(content["network"])
        self.averaged.load_state_dict(content["averaged"])
        self.optimiser.load_state_dict(content["optimiser"])
        self.losses = content["losses"]
        self.history = [Measured(*row) for row in content["history"]]
        self.selected, self.least = content["selected"], content["least"]
        self.best = {name: tensor.cpu() for name, tensor in content["best"].items()}

    def _of(self) -> dict[str, Any]:
        return {**asdict(self.recipe), **asdict(self.settings)}


def _log_odds(network: LightCNN, features: Tensor) -> Tensor:
    logits: Tensor = network.classifier(features.mean((2, 3)))
    return logits[:, 1] - logits[:, 0]


def weights_of(network: LightCNN) -> State:
    """A copy, on the CPU."""
    return {name: value.detach().cpu().contiguous().clone() for name, value in network.state_dict().items()}
