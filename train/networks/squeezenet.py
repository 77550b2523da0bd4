"""SqueezeNet (Iandola et al., arXiv 1602.07360), which the paper measures its own CNN against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from train.networks.fire import FIRE, Fire

Bypass = Literal["none", "simple", "complex"]
BYPASSED = {"none": (), "simple": (3, 5, 7, 9), "complex": tuple(FIRE)}


@dataclass(frozen=True)
class Layout:
    """Where the versions differ: the first layer, and behind which fire modules a pooling stands."""

    filters: int
    kernel: int
    pooled: tuple[int, int]

    def indices(self) -> dict[int, int]:
        """Each fire module's place in torchvision's `features`."""
        return {number: number + 1 + sum(pool < number for pool in self.pooled) for number in FIRE}


LAYOUTS = {"1.0": Layout(96, 7, (4, 8)), "1.1": Layout(64, 3, (3, 5))}


class SqueezeNet(nn.Module):
    """SqueezeNet of classic fire modules, with the outputs of `LightCNN`.

    Simple bypass adds the input of fire modules 3, 5, 7 and 9 to their output, complex bypass
    that of the other four too, through a 1x1 convolution. The paper does not say which version
    it takes; 1.1 has the shapes of its Figure 3. Grey levels are scaled inside, as in `LightCNN`.

    Behind the last convolution SqueezeNet has one more ReLU (`last_relu`). With two classes it
    starves the training: in most attempts both logits soon were zero everywhere, with no gradient
    left and the loss at ln 2 for good. So it is left out unless ImageNet's classes are wanted.

    mean, std: of the training images' grey levels, in 0 to 1. channels: 1, or 3 for RGB.
    """

    def __init__(
        self,
        mean: float = 0.5,
        std: float = 0.25,
        version: Literal["1.0", "1.1"] = "1.1",
        bypass: Bypass = "none",
        classes: int = 2,
        channels: int = 1,
        last_relu: bool = False,
    ) -> None:
        super().__init__()
        self.mean, self.std, self.layout = mean, std, LAYOUTS[version]
        self.conv1 = nn.Conv2d(channels, self.layout.filters, self.layout.kernel, stride=2)
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        width = self.layout.filters
        for number, (squeeze, expand) in FIRE.items():
            fire = Fire(width, squeeze, expand, False, nn.ReLU, number in BYPASSED[bypass])
            self.add_module(f"fire{number}", fire)
            width = 2 * expand
        self.dropout = nn.Dropout(0.5)
        self.conv10 = nn.Conv2d(width, classes, 1)
        self.last = nn.ReLU() if last_relu else nn.Identity()

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """image: uint8 `[N, channels, H, W]`, 0 to 255, at least 32 pixels a side.

        Returns float32 logits `[N, classes]`, the mean of cam; cam `[N, classes, h, w]`; embedding
        `[N, 512]`, the mean of the last fire module's maps.
        """
        x = self.pool(self.relu(self.conv1((image.float() / 255 - self.mean) / self.std)))
        for number in FIRE:
            x = self.get_submodule(f"fire{number}")(x)
            if number in self.layout.pooled:
                x = self.pool(x)
        cam = self.last(self.conv10(self.dropout(x)))
        return cam.mean((2, 3)), cam, x.mean((2, 3))
