"""The form computed in torch: in float, in float while its ranges are observed, and as if in INT8."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from deploy.int8.form import POOL, SHUFFLE, STRIDE, UPSAMPLE, Conv
from deploy.int8.scheme import (
    UINT8_MAX,
    WEIGHT_MAX,
    QParams,
    Scheme,
    concatenated,
    image_qparams,
    per_input_channel,
)
from train.networks.elu import Elu

ELU = Elu()


def tensor_of(images: NDArray[np.uint8]) -> Tensor:
    """uint8 `[n, H, W]` to what the form computes on, float32 `[n, 1, H, W]`, 0 to 255."""
    return torch.from_numpy(images[:, None]).float().contiguous(memory_format=torch.channels_last)


class Float:
    """The form in float32."""

    def __init__(self, convs: Mapping[str, Conv]) -> None:
        self._convs = convs

    def conv(self, name: str, x: Tensor) -> Tensor:
        conv = self._convs[name]
        return functional.conv2d(x, conv.weight, conv.bias, conv.stride, conv.padding, groups=conv.groups)

    def stored(self, name: str, x: Tensor) -> Tensor:
        return x

    def elu(self, name: str, x: Tensor) -> Tensor:
        activated: Tensor = ELU(x)
        return activated

    def max_pool(self, x: Tensor) -> Tensor:
        return functional.max_pool2d(x, POOL, STRIDE, ceil_mode=True)

    def concat(self, parts: list[Tensor]) -> Tensor:
        return torch.cat(parts, 1)

    def pixel_shuffle(self, x: Tensor) -> Tensor:
        return functional.pixel_shuffle(x, SHUFFLE)


class RangeObserver(Float):
    """In float32, remembering the largest value that each channel of every convolution gave."""

    def __init__(self, convs: Mapping[str, Conv]) -> None:
        super().__init__(convs)
        self.maxima: dict[str, Tensor] = {}

    def conv(self, name: str, x: Tensor) -> Tensor:
        sums = super().conv(name, x)
        maxima = sums.amax((0, 2, 3))
        if name == UPSAMPLE:  # the places of a square are one channel
            maxima = maxima.reshape(-1, SHUFFLE**2).amax(1).repeat_interleave(SHUFFLE**2)
        self.maxima[name] = torch.maximum(self.maxima.get(name, maxima), maxima)
        return sums


class Rounded(NamedTuple):
    """Values that are among those that `qparams` can represent."""

    values: Tensor
    qparams: QParams


class Simulated:
    """As an engine rounds, but for gradients, which pass through the rounding of activations.

    keeps_before_elu: whether what a convolution gives is rounded before ELU too, as by ONNX Runtime,
    whose convolutions give 8 bits; OpenVINO computes ELU on the sums themselves.
    """

    def __init__(self, convs: Mapping[str, Conv], scheme: Scheme, keeps_before_elu: bool) -> None:
        self._convs, self._scheme, self._keeps = convs, scheme, keeps_before_elu

    def image(self, x: Tensor) -> Rounded:
        return Rounded(x, image_qparams())

    def conv(self, name: str, x: Rounded) -> Rounded:
        conv = self._convs[name]
        input_scales, weight_scales = (
            per_input_channel(x.qparams.scales, len(conv.weight), conv.groups),
            self._scheme.weight_scales[name],
        )
        codes = (conv.weight * input_scales / weight_scales).round().clamp(-WEIGHT_MAX, WEIGHT_MAX)
        weight = codes * weight_scales / input_scales
        sums = functional.conv2d(x.values, weight, conv.bias, conv.stride, conv.padding, groups=conv.groups)
        rounded = Rounded(sums, x.qparams)
        return self.stored(name, rounded) if self._keeps and not self._scheme.saturates(name) else rounded

    def stored(self, name: str, x: Rounded) -> Rounded:
        return _rounded(x.values, self._scheme.before_elu(name))

    def elu(self, name: str, x: Rounded) -> Rounded:
        values = x.values if self._scheme.saturates(name) else ELU(x.values)
        return _rounded(values, self._scheme.after_elu(name))

    def max_pool(self, x: Rounded) -> Rounded:
        return Rounded(functional.max_pool2d(x.values, POOL, STRIDE, ceil_mode=True), x.qparams)

    def concat(self, parts: list[Rounded]) -> Rounded:
        return Rounded(torch.cat([p.values for p in parts], 1), concatenated([p.qparams for p in parts]))

    def pixel_shuffle(self, x: Rounded) -> Rounded:
        return Rounded(functional.pixel_shuffle(x.values, SHUFFLE), self._scheme.after_shuffle())


def _rounded(x: Tensor, qparams: QParams) -> Rounded:
    offset = (qparams.scales * qparams.zero_points)[:, None, None]
    no_offsets = torch.zeros_like(qparams.scales, dtype=torch.int32)
    values = (
        torch.fake_quantize_per_channel_affine(x + offset, qparams.scales, no_offsets, 1, 0, UINT8_MAX)
        - offset
    )
    return Rounded(values, qparams)
