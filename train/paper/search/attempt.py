"""Attempts of a search: short trainings, and what they are worth."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from tqdm import tqdm

from train.data.arrangements import Arrangement
from train.data.images import Slices
from train.networks import predict
from train.networks.pretrained import Weights
from train.paper.fit import slices_to_train, train
from train.paper.search.record import Proposal
from train.run import DivergedError, Run, TrainingSettings

CHANCE = 0.5  # what an attempt that diverged is worth


@dataclass(frozen=True)
class Attempts:
    """What all attempts have in common. settings: but for the three that are searched."""

    settings: TrainingSettings
    split: Arrangement
    slices: Slices
    weights: Weights | None
    device: str

    @property
    def length(self) -> int:
        """Slices that one takes: the unit of progress."""
        return slices_to_train(self.settings, self.slices)

    def make(self, proposal: Proposal, run: Run, progress: tqdm[Any], title: str) -> dict[str, Any]:
        """What goes on record; `probabilities` are those of the validation slices, for intervals.

        The attempt goes on from the checkpoint in `run`, where there is one.
        """
        began = time.monotonic()
        outcome = self._outcome(with_point(self.settings, proposal), run, progress, title)
        return {**outcome, "seconds": round(time.monotonic() - began, 1)}

    def _outcome(
        self, settings: TrainingSettings, run: Run, progress: tqdm[Any], title: str
    ) -> dict[str, Any]:
        try:
            state = train(settings, self.split, self.slices, run, self.weights, self.device, progress, title)
        except DivergedError:
            return diverged()
        return ended(
            state.history, predict.logits(state.validated_network, self.slices.val_images, self.device)
        )


def with_point(settings: TrainingSettings, proposal: Proposal) -> TrainingSettings:
    """The settings of a search with the three that are searched."""
    point = proposal.point
    return replace(settings, learning_rate=point["learning_rate"], momentum=point["momentum"], l2=point["l2"])


def ended(history: Sequence[Mapping[str, float]], logits: torch.Tensor) -> dict[str, Any]:
    """What goes on record of a training. history: a row for each epoch; logits: `[n, 2]` of validation."""
    return {
        "accuracy": history[-1]["val_accuracy"],
        "auc": history[-1]["val_auc"],
        "diverged": False,
        "curve": [round(row["val_accuracy"], 4) for row in history],
        "probabilities": [round(float(p), 5) for p in predict.probabilities(logits)],
    }


def diverged() -> dict[str, Any]:
    """What goes on record of a training whose loss was no number."""
    return {"accuracy": CHANCE, "auc": None, "diverged": True, "curve": [], "probabilities": []}
