"""Trainings side by side, on a GPU or a CPU, of the same slices and draws, with other learning rates."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from edgect.machine import atomic
from train.data.augmentation import FACTOR
from train.data.augmentation_on_device import quadruple
from train.data.images import Slices
from train.networks.precision import arithmetic
from train.networks.pretrained import Weights
from train.networks.stack import Stack
from train.paper.fit import batches, figures, seed_dropout
from train.paper.training_state import TrainingState
from train.run import RunError, TrainingSettings

VALIDATED_AT_ONCE = 32  # slices, as in `predict.logits`
SAVED_EVERY = 30.0  # seconds; an epoch of a few attempts takes one or two on a large GPU

History = list[dict[str, float]]


class OutOfTimeError(RunError):
    """The time that was allowed is over; what was done is saved."""


@dataclass(frozen=True)
class SlicesOnDevice:
    """What training sees, where it is computed; uint8, with its augmentation where that is drawn once."""

    host: Slices
    device: str
    images: Tensor
    labels: Tensor
    val_images: Tensor

    @classmethod
    def of(cls, slices: Slices, settings: TrainingSettings, device: str) -> SlicesOnDevice:
        images, labels = torch.from_numpy(slices.images).to(device), slices.labels.to(device)
        if settings.augmentation == "paper":
            labels = labels.repeat(FACTOR)
            images = images if settings.redraw else quadruple(images, settings.seed)
        return cls(slices, device, images, labels, torch.from_numpy(slices.val_images).to(device))

    def of_epoch(self, settings: TrainingSettings, epoch: int) -> Tensor:
        """uint8 `[n, H, W]`."""
        drawn_anew = settings.augmentation == "paper" and settings.redraw
        return quadruple(self.images, settings.seed, epoch) if drawn_anew else self.images


class SideBySide:
    """The training of `fit` for several settings at once, which may differ in what is searched alone.

    All begin with the same weights and see the same batches, as trainings of one seed do one by one. They
    end as those do, to within rounding and, with augmentation, the noise, which the device draws.
    """

    def __init__(
        self,
        settings: Sequence[TrainingSettings],
        slices: SlicesOnDevice,
        weights: Weights | None,
        checkpoint: Path,
    ) -> None:
        """checkpoint: of an earlier call, if it is there. Raises RunError if that was of other settings."""
        self._settings, self._slices, self._checkpoint = list(settings), slices, checkpoint
        self._common, host = settings[0], slices.host
        mean, std = host.grey_levels()
        state = TrainingState.begin(self._common, host.images, mean, std, weights, slices.device)
        self._stack = Stack(state.network, len(settings))
        groups = [
            {"params": member, "lr": own.learning_rate, "momentum": own.momentum, "weight_decay": own.l2}
            for member, own in zip(self._stack.members, settings, strict=True)
        ]
        self._optimiser = torch.optim.SGD(groups, self._common.learning_rate)
        self._numbers = list(range(len(settings)))  # of those that have not diverged
        self._histories: list[History] = [[] for _ in settings]
        self._epoch = 0
        if checkpoint.exists():
            self._restore()

    def train(self, until: float) -> list[tuple[History, Tensor] | None]:
        """For each settings the rows of its epochs and the validation slices' logits, None where it diverged.

        until: by the monotonic clock. Raises OutOfTimeError after the first epoch that ends later.
        """
        saved = time.monotonic()
        while self._epoch < self._common.all_epochs and self._numbers:
            self._end_epoch(self._train_epoch())
            now = time.monotonic()
            if now > until and self._epoch < self._common.all_epochs:
                self._save()
                raise OutOfTimeError(f"{self._checkpoint}: is gone on from")
            if now > saved + SAVED_EVERY:
                self._save()
                saved = now
        if not self._numbers:
            return [None] * len(self._settings)
        logits = dict(zip(self._numbers, self._validation_logits(), strict=True))
        return [(row, logits[n]) if n in logits else None for n, row in enumerate(self._histories)]

    def _train_epoch(self) -> Tensor:
        """Returns each one's mean loss, float64 `[copies]` on the CPU."""
        settings, copies, epoch = self._common, len(self._numbers), self._epoch
        for number, group in zip(self._numbers, self._optimiser.param_groups, strict=True):
            group["lr"] = self._settings[number].learning_rate_at(epoch)
        images, labels = self._slices.of_epoch(settings, epoch), self._slices.labels
        order = np.concatenate(list(batches(len(images), settings, epoch)))
        seed_dropout(settings, epoch)
        self._stack.train()
        total = torch.zeros(copies, dtype=torch.float64, device=images.device)
        for places in torch.from_numpy(order).to(images.device).split(settings.batch_size):
            with arithmetic(settings.precision, self._slices.device):
                logits = self._stack.logits(images[places].unsqueeze(1)).float()
            wanted = labels[places].repeat(copies)
            losses = nn.functional.cross_entropy(logits.flatten(0, 1), wanted, reduction="none")
            means = losses.view(copies, -1).mean(1)
            self._stack.zero_grad()
            means.sum().backward()
            self._optimiser.step()
            total += means.detach() * len(places)  # stays on the device, which nobody waits for
        return total.cpu() / len(images)

    def _end_epoch(self, losses: Tensor) -> None:
        logits = self._validation_logits()
        finite = losses.isfinite() & logits.isfinite().flatten(1).all(1)
        places = [place for place in range(len(finite)) if finite[place]]
        for place in places:
            number = self._numbers[place]
            row = {
                "epoch": self._epoch + 1,
                "learning_rate": self._settings[number].learning_rate_at(self._epoch),
            }
            validated = figures(logits[place], self._slices.host.val_labels)
            self._histories[number].append({**row, "train_loss": float(losses[place]), **validated})
        if len(places) < len(finite):
            self._keep(places)
        self._epoch += 1

    def _keep(self, places: Sequence[int]) -> None:
        """Let those that diverged go."""
        self._numbers = [self._numbers[place] for place in places]
        groups = self._optimiser.param_groups
        for place, group in enumerate(groups):
            if place not in places:
                for parameter in group["params"]:
                    self._optimiser.state.pop(parameter, None)
        self._optimiser.param_groups = [groups[place] for place in places]
        if places:
            self._stack.keep(places)

    def _validation_logits(self) -> Tensor:
        """float32 `[copies, n, 2]` on the CPU; computed in float32."""
        self._stack.train(False)
        parts = self._slices.val_images.unsqueeze(1).split(VALIDATED_AT_ONCE)
        with torch.inference_mode():
            return torch.cat([self._stack.logits(part) for part in parts], 1).float().cpu()

    def _save(self) -> None:
        content = {
            "settings": [asdict(settings) for settings in self._settings],
            "epoch": self._epoch,
            "numbers": self._numbers,
            "histories": self._histories,
            "stack": self._stack.state(),
            "optimiser": self._optimiser.state_dict(),
        }
        part = self._checkpoint.with_suffix(".part")
        with atomic.replacing(self._checkpoint, part=part) as file:
            torch.save(content, file)

    def _restore(self) -> None:
        content: dict[str, Any] = torch.load(self._checkpoint, map_location="cpu", weights_only=True)
        if content["settings"] != [asdict(settings) for settings in self._settings]:
            raise RunError(
                f"{self._checkpoint}: is of other settings; remove it to begin these attempts anew"
            )
        self._keep(content["numbers"])
        self._stack.restore(content["stack"])
        self._optimiser.load_state_dict(content["optimiser"])
        self._histories, self._epoch = content["histories"], content["epoch"]
