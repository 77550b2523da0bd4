"""Which arithmetic a network is trained in, by a short measured trial on this machine."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from typing import Literal

import torch
from torch import nn

from train.networks.light_cnn import LightCNN

Precision = Literal["fp32", "bf16"]
PRECISIONS: tuple[Precision, ...] = ("fp32", "bf16")
WARM_UP, STEPS = 1, 3  # of each precision in turn
WORTH = 0.9  # bfloat16 is taken where a step takes at most this share of float32's time


def arithmetic(precision: Precision, device: str = "cpu") -> AbstractContextManager[object]:
    """`bf16` computes convolutions in bfloat16."""
    return torch.autocast(device, torch.bfloat16) if precision == "bf16" else nullcontext()


def fastest_precision(
    network: LightCNN, size: tuple[int, int], batch_size: int, device: str = "cpu"
) -> tuple[Precision, dict[Precision, float]]:
    """The precision to train with, and the seconds that the fastest step of each took.

    Processors without bfloat16 of their own emulate it, more slowly than they compute in float32. The network
    keeps its weights. size: (height, width) in pixels.
    """
    network.to(memory_format=torch.channels_last)
    images = torch.zeros(batch_size, 1, *size, dtype=torch.uint8, device=device)
    seconds: dict[Precision, list[float]] = {precision: [] for precision in PRECISIONS}
    for trial in range(WARM_UP + STEPS):
        for precision in PRECISIONS:
            started = time.perf_counter()
            _step(network, images, precision, device)
            if trial >= WARM_UP:
                seconds[precision].append(time.perf_counter() - started)
    fastest = {precision: round(min(times), 4) for precision, times in seconds.items()}
    return ("bf16" if fastest["bf16"] <= WORTH * fastest["fp32"] else "fp32"), fastest


def _step(network: LightCNN, images: torch.Tensor, precision: Precision, device: str) -> None:
    """Forwards and backwards, with nothing changed."""
    with arithmetic(precision, device):
        features = network.features(images)
    logits = network.classifier(features.float().mean((2, 3)))
    loss = nn.functional.cross_entropy(logits, torch.zeros(len(images), dtype=torch.long, device=device))
    torch.autograd.grad(loss, list(network.parameters()), allow_unused=True)
    if device == "cuda":
        torch.cuda.synchronize()
