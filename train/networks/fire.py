"""The fire module, classic and custom (paper, Figure 2), and its widths in SqueezeNet."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from train.networks.elu import Elu

# squeeze and expand widths of SqueezeNet's fire modules 2 to 9 (expand: each of two halves)
FIRE = {
    2: (16, 64),
    3: (16, 64),
    4: (32, 128),
    5: (32, 128),
    6: (48, 192),
    7: (48, 192),
    8: (64, 256),
    9: (64, 256),
}


class Fire(nn.Module):
    """A fire module: 1x1 squeeze feeding 1x1 and 3x3 expansions, concatenated in depth.

    The Custom Fire of Figure 2b has `batch_norm=True` (between the squeeze convolution and its
    activation, nowhere else) and `activation=Elu`; the classic one of Figure 2a has neither.
    With `bypass` the input is added to the output, through a 1x1 convolution where their widths
    differ (Iandola et al. 2016, Figure 2). `[N, channels, H, W]` to `[N, 2 * expand, H, W]`.

    copies: of networks side by side, each with its share of the channels (`train/networks/stack.py`).
    """

    copies = 1

    def __init__(
        self,
        channels: int,
        squeeze: int,
        expand: int,
        batch_norm: bool = True,
        activation: Callable[[], nn.Module] = Elu,
        bypass: bool = False,
    ) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeeze, 1)
        self.norm = nn.BatchNorm2d(squeeze) if batch_norm else nn.Identity()
        self.expand1x1 = nn.Conv2d(squeeze, expand, 1)
        self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1)
        self.activation = activation()
        self.bypass: nn.Module | None = None
        if bypass:
            self.bypass = nn.Identity() if channels == 2 * expand else nn.Conv2d(channels, 2 * expand, 1)

    def forward(self, x: Tensor) -> Tensor:
        squeezed = self.activation(self.norm(self.squeeze(x)))
        parts = [self.activation(self.expand1x1(squeezed)), self.activation(self.expand3x3(squeezed))]
        expanded = concatenated(parts, self.copies)
        return expanded if self.bypass is None else expanded + self.bypass(x)


def concatenated(parts: Sequence[Tensor], copies: int) -> Tensor:
    """Maps `[N, channels, H, W]` in depth; of several networks side by side, those of each together."""
    if copies == 1:
        return torch.cat(list(parts), 1)
    shares = [part.permute(0, 2, 3, 1).unflatten(3, (copies, -1)) for part in parts]  # as they lie in memory
    return torch.cat(shares, 4).flatten(3, 4).permute(0, 3, 1, 2)
