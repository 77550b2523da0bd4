"""What changes during training, and the checkpoint that it is kept in."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch.optim.swa_utils import AveragedModel

from edgect.machine import atomic
from train.networks import pretrained
from train.networks.architectures import ARCHITECTURES, Network
from train.networks.moving_average import averaged
from train.networks.pretrained import Weights
from train.run import Run, RunError, TrainingSettings


@dataclass
class TrainingState:
    """Network, optimiser, and the epochs so far.

    averaged: the moving average of the network, None without one. best: weights of the epoch
    selected so far, on the CPU.
    """

    network: Network
    averaged: AveragedModel | None
    optimiser: torch.optim.Optimizer
    history: list[dict[str, float]] = field(default_factory=list)
    best: dict[str, torch.Tensor] = field(default_factory=dict)

    @classmethod
    def begin(
        cls,
        settings: TrainingSettings,
        images: NDArray[np.uint8],
        mean: float,
        std: float,
        weights: Weights | None,
        device: str,
    ) -> TrainingState:
        """Before the first epoch. images: the training slices, uint8 `[n, H, W]`."""
        torch.manual_seed(settings.seed)
        network = ARCHITECTURES[settings.architecture](mean, std)
        pretrained.start(network, weights, images, settings.seed)
        network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        average = averaged(network, settings.average_decay)
        optimiser = torch.optim.SGD(
            network.parameters(), settings.learning_rate, momentum=settings.momentum, weight_decay=settings.l2
        )
        return cls(network, average if settings.average_decay else None, optimiser)

    @property
    def validated_network(self) -> Network:
        """The network that is validated and kept."""
        return self.network if self.averaged is None else cast(Network, self.averaged.module)

    def end_epoch(self, row: dict[str, float]) -> None:
        self.history.append(row)
        if row is self.selected():
            self.best = {
                name: value.cpu().clone() for name, value in self.validated_network.state_dict().items()
            }

    def selected(self) -> dict[str, float]:
        """The best epoch by validation accuracy, then loss; the first of equals."""
        return max(self.history, key=lambda row: (row["val_accuracy"], -row["val_loss"]))

    def save(self, run: Run, settings: TrainingSettings) -> None:
        """Write the checkpoint whole or not at all, and the table of epochs."""
        content = {
            "settings": asdict(settings),
            "network": self.network.state_dict(),
            "averaged": self.averaged and self.averaged.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "history": self.history,
            "best": self.best,
        }
        with atomic.replacing(run.checkpoint, part=run.checkpoint.with_suffix(".part")) as file:
            torch.save(content, file)
        run.write_epochs(self.history)

    def restore(self, run: Run, settings: TrainingSettings) -> None:
        """Go back to the checkpoint. Raises RunError when it was made with other settings."""
        content: dict[str, Any] = torch.load(run.checkpoint, map_location="cpu", weights_only=True)
        recorded, current = content["settings"], asdict(settings)
        differing = [
            f"{name} {recorded.get(name)}, not {current[name]}"
            for name in current
            if recorded.get(name) != current[name]
        ]
        if differing:
            raise RunError(f"{run.path}: was begun with {'; '.join(differing)}")
        self.network.load_state_dict(content["network"])
        if self.averaged is not None:
            self.averaged.load_state_dict(content["averaged"])
        self.optimiser.load_state_dict(content["optimiser"])
        self.history, self.best = content["history"], content["best"]
