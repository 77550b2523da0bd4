"""What an 8-bit number stands for, after every convolution of the form.

Activations are uint8 and weights int8, these in 7 of their 8 bits: on CPUs without VNNI the engines
sum pairs of 8-bit products in 16 bits, which saturate, and 2 x 255 x 63 still fits.

Every channel has a step of its own. That costs an engine nothing: the steps of what a convolution
reads go into its weights, and those of what it gives into the scales that its weights have anyway.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from deploy.int8.form import SHUFFLE, UPSAMPLE, Conv, places_first

WEIGHT_MAX = 63
UINT8_MAX = 255  # the largest uint8
# ELU(x) differs from max(x, -1) by 1/e at most, at x = -1. Where a step is no smaller, the two round to
# the same or neighbouring numbers, and rounding that saturates at -1 computes ELU for nothing.
COARSE = 0.368
FLOOR = -4.0  # ELU(-4) is -0.98: what is rounded before a finer ELU need not reach lower
ROOM = 3.0  # and this far up at the least, for `quantized_elu`
# Between one step for all channels (0) and each channel filling all 8 bits (1), which moves the
# difficulty into the weights: Xiao et al. 2022, SmoothQuant, equation 4. 0.5 did best on validation.
MIGRATION = 0.5


@dataclass(frozen=True, eq=False)
class QParams:
    """A number `q`, 0 to 255, of channel `c` stands for `steps[c] * (q - zeros[c])`.

    steps, zeros: float32 `[C]`. zeros need not be whole.
    """

    steps: Tensor
    zeros: Tensor

    @property
    def zero_point(self) -> int:
        """The zero of all channels, which must be one whole number: what padding pads with."""
        (zero,) = set(self.zeros.tolist())
        if zero != round(zero):
            raise ValueError(f"zero {zero} is no number that padding could have")
        return int(zero)

    @property
    def step(self) -> float:
        """The step of all channels."""
        (step,) = set(self.steps.tolist())
        return float(step)

    def places_first(self, groups: int) -> QParams:
        """Those of the upsampling's channels, in the order of `form.places_first`."""
        return QParams(places_first(self.steps, groups), places_first(self.zeros, groups))


def concatenated(parts: Sequence[QParams]) -> QParams:
    return QParams(torch.cat([p.steps for p in parts]), torch.cat([p.zeros for p in parts]))


@dataclass(frozen=True)
class Scheme:
    """highs: each channel's largest value before ELU, over the calibration set, in float, `[C]`.

    scales: of the weights of every convolution, `[out, 1, 1, 1]`.
    """

    highs: Mapping[str, Tensor]
    scales: Mapping[str, Tensor]

    def before_elu(self, name: str) -> QParams:
        """A convolution's outputs; where saturating computes ELU, those of ELU."""
        return self.after_elu(name) if self.saturates(name) else self._alike(name, FLOOR, ROOM)

    def after_elu(self, name: str) -> QParams:
        if not self.saturates(name) or name.endswith("squeeze"):  # read by a convolution that pads
            return self._alike(name, -1.0, 0.0)
        own = (self.highs[name].clamp(min=0) + 1) / UINT8_MAX
        steps = (own**MIGRATION * own.max() ** (1 - MIGRATION)).clamp(min=COARSE)
        return QParams(steps, 1 / steps)

    def saturates(self, name: str) -> bool:
        """Whether steps are so large that saturating at -1 is ELU to within one of them."""
        return float(self.highs[name].max()) + 1 >= COARSE * UINT8_MAX

    def after_shuffle(self) -> QParams:
        """Those of the upsampling, whose places of a square are alike, once they lie beside each other."""
        numbers = self.after_elu(UPSAMPLE)
        return QParams(numbers.steps[:: SHUFFLE**2], numbers.zeros[:: SHUFFLE**2])

    def _alike(self, name: str, low: float, least: float) -> QParams:
        """One step for all channels, from `low` to the largest value, `least` at the least."""
        highs = self.highs[name]
        step = float((highs.max().clamp(min=least) - low) / UINT8_MAX)
        return QParams(torch.full_like(highs, step), torch.full_like(highs, round(-low / step)))


def image_qparams() -> QParams:
    return QParams(torch.ones(1), torch.zeros(1))


def weight_scales(weight: Tensor) -> Tensor:
    """One scale for each output channel, `[out, 1, 1, 1]`."""
    return weight.detach().abs().amax((1, 2, 3), keepdim=True).clamp(min=1e-12) / WEIGHT_MAX


def per_input_channel(steps: Tensor, outputs: int, groups: int) -> Tensor:
    """What belongs to input channels, `[in]`, beside weights: `[out or 1, in / groups, 1, 1]`."""
    apart = steps.reshape(groups, -1)
    if groups > 1:
        apart = apart.repeat_interleave(outputs // groups, 0)
    return apart[:, :, None, None]


def absorbed(conv: Conv, read: QParams) -> Tensor:
    """Weights with the steps of what is read in them."""
    return conv.weight * per_input_channel(read.steps, len(conv.weight), conv.groups)


@dataclass(frozen=True)
class IntegerConv:
    """A convolution on numbers: `factor * (sum of weight * q) + bias` is the number that comes out.

    weight: int8, -63 to 63, `[out, in / groups, k, k]`. factor, bias: float32 `[out]`.
    zero_point: of what is read; 0 where it is in the bias.
    """

    weight: np.ndarray[tuple[int, ...], np.dtype[np.int8]]
    factor: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
    bias: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
    zero_point: int


def integer_conv(conv: Conv, scales: Tensor, read: QParams, given: QParams | None) -> IntegerConv:
    """A convolution of real numbers on those it reads and gives; given: None for real outputs."""
    with torch.no_grad():
        outputs = len(conv.weight)
        whole = (absorbed(conv, read) / scales).round().clamp(-WEIGHT_MAX, WEIGHT_MAX)
        factor, bias = scales.flatten(), conv.bias
        zero_point = read.zero_point if conv.padding else 0
        if not conv.padding:  # every output reads as many inputs, so their zeros are a constant
            bias = bias - factor * (whole * per_input_channel(read.zeros, outputs, conv.groups)).sum(
                (1, 2, 3)
            )
        if given is not None:
            factor, bias = factor / given.steps, bias / given.steps + given.zeros
        return IntegerConv(whole.to(torch.int8).numpy(), factor.numpy(), bias.numpy(), zero_point)
