"""The exponential moving average of a network's weights."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel


def averaged(network: nn.Module, decay: float) -> AveragedModel:
    """A copy of the network, buffers included, that `update_parameters` moves towards it after each step."""
    return AveragedModel(network, avg_fn=_average(decay), use_buffers=True)


def _average(decay: float) -> Callable[[torch.Tensor, torch.Tensor, torch.Tensor | int], torch.Tensor]:
    """An exponential moving average that begins short, so that the start is soon forgotten."""

    def update(averaged: torch.Tensor, new: torch.Tensor, count: torch.Tensor | int) -> torch.Tensor:
        step = float(count)
        return averaged + (1 - min(decay, (1 + step) / (10 + step))) * (new - averaged)

    return update
