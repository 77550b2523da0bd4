"""What an 8-bit number stands for, after every convolution of the form.

Activations are uint8 and weights int8, these in 7 of their 8 bits: on CPUs without VNNI the engines
sum pairs of 8-bit products in 16 bits, which saturate, and 2 x 255 x 63 still fits.

Every channel has a scale of its own. That costs an engine nothing: the scales of what a convolution
reads go into its weights, and those of its outputs into the scales that its weights have anyway.
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
# ELU(x) differs from max(x, -1) by 1/e at most, at x = -1. Where a scale is no smaller, the two round to
# the same or neighbouring numbers, and rounding that saturates at -1 computes ELU for nothing.
COARSE = 0.368
FLOOR = -4.0  # ELU(-4) is -0.98: what is rounded before a finer ELU need not reach lower
ROOM = 3.0  # and this far up at the least, for `quantized_elu`
# Between one scale for all channels (0) and each channel filling all 8 bits (1), which moves the
# difficulty into the weights: Xiao et al. 2022, SmoothQuant, equation 4. 0.5 did best on validation.
MIGRATION = 0.5


@dataclass(frozen=True, eq=False)
class QParams:
    """Quantization parameters: `q`, 0 to 255, of channel `c` stands for `scales[c] * (q - zero_points[c])`.

    scales, zero_points: float32 `[C]`. zero_points need not be whole.
    """

    scales: Tensor
    zero_points: Tensor

    @property
    def zero_point(self) -> int:
        """The zero point that all channels share, which must be a whole number: what padding pads with."""
        (shared,) = set(self.zero_points.tolist())
        if shared != round(shared):
            raise ValueError(f"zero {shared} is no number that padding could have")
        return int(shared)

    @property
    def scale(self) -> float:
        """The scale that all channels share."""
        (shared,) = set(self.scales.tolist())
        return float(shared)

    def places_first(self, groups: int) -> QParams:
        """Those of the upsampling's channels, in the order of `form.places_first`."""
        return QParams(places_first(self.scales, groups), places_first(self.zero_points, groups))


def concatenated(parts: Sequence[QParams]) -> QParams:
    return QParams(torch.cat([p.scales for p in parts]), torch.cat([p.zero_points for p in parts]))


@dataclass(frozen=True)
class Scheme:
    """maxima: each channel's largest value before ELU, over the calibration set, in float, `[C]`.

    weight_scales: of the weights of every convolution, `[out, 1, 1, 1]`.
    """

    maxima: Mapping[str, Tensor]
    weight_scales: Mapping[str, Tensor]

    def before_elu(self, name: str) -> QParams:
        """A convolution's outputs; where saturating computes ELU, those of ELU."""
        return self.after_elu(name) if self.saturates(name) else self._alike(name, FLOOR, ROOM)

    def after_elu(self, name: str) -> QParams:
        if not self.saturates(name) or name.endswith("squeeze"):  # read by a convolution that pads
            return self._alike(name, -1.0, 0.0)
        own_scales = (self.maxima[name].clamp(min=0) + 1) / UINT8_MAX
        scales = (own_scales**MIGRATION * own_scales.max() ** (1 - MIGRATION)).clamp(min=COARSE)
        return QParams(scales, 1 / scales)

    def saturates(self, name: str) -> bool:
        """Whether scales are so large that saturating at -1 is ELU to within one of them."""
        return float(self.maxima[name].max()) + 1 >= COARSE * UINT8_MAX

    def after_shuffle(self) -> QParams:
        """Those of the upsampling, whose places of a square are alike, once they lie beside each other."""
        qparams = self.after_elu(UPSAMPLE)
        return QParams(qparams.scales[:: SHUFFLE**2], qparams.zero_points[:: SHUFFLE**2])

    def _alike(self, name: str, low: float, least: float) -> QParams:
        """One scale for all channels, from `low` to the largest value, `least` at the least."""
        maxima = self.maxima[name]
        scale = float((maxima.max().clamp(min=least) - low) / UINT8_MAX)
        return QParams(torch.full_like(maxima, scale), torch.full_like(maxima, round(-low / scale)))


def image_qparams() -> QParams:
    return QParams(torch.ones(1), torch.zeros(1))


def weight_scales(weight: Tensor) -> Tensor:
    """One scale for each output channel, `[out, 1, 1, 1]`."""
    return weight.detach().abs().amax((1, 2, 3), keepdim=True).clamp(min=1e-12) / WEIGHT_MAX


def per_input_channel(per_channel: Tensor, outputs: int, groups: int) -> Tensor:
    """What belongs to input channels, `[in]`, beside weights: `[out or 1, in / groups, 1, 1]`."""
    grouped = per_channel.reshape(groups, -1)
    if groups > 1:
        grouped = grouped.repeat_interleave(outputs // groups, 0)
    return grouped[:, :, None, None]


def absorbed(conv: Conv, input_qparams: QParams) -> Tensor:
    """Weights multiplied by the scales of the convolution's inputs."""
    return conv.weight * per_input_channel(input_qparams.scales, len(conv.weight), conv.groups)


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


def integer_conv(
    conv: Conv, weight_scales: Tensor, input_qparams: QParams, output_qparams: QParams | None
) -> IntegerConv:
    """A convolution of real numbers as one of integers; output_qparams: None for real outputs."""
    with torch.no_grad():
        outputs = len(conv.weight)
        rounded = (absorbed(conv, input_qparams) / weight_scales).round().clamp(-WEIGHT_MAX, WEIGHT_MAX)
        factor, bias = weight_scales.flatten(), conv.bias
        zero_point = input_qparams.zero_point if conv.padding else 0
        if not conv.padding:  # every output reads as many inputs, so their zero points are a constant
            bias = bias - factor * (
                rounded * per_input_channel(input_qparams.zero_points, outputs, conv.groups)
            ).sum((1, 2, 3))
        if output_qparams is not None:
            factor, bias = (
                factor / output_qparams.scales,
                bias / output_qparams.scales + output_qparams.zero_points,
            )
        return IntegerConv(rounded.to(torch.int8).numpy(), factor.numpy(), bias.numpy(), zero_point)
