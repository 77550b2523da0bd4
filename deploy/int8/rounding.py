"""Scales, and weights rounded so that their errors make up for each other.

A convolution's inputs resemble each other, so that of two weights one is better rounded up where the
other was rounded down. Weights are rounded one after another, and those still to come are moved to
where they undo the error (Frantar et al. 2022, GPTQ, algorithm 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from deploy.int8.form import Conv, last_maps
from deploy.int8.scheme import WEIGHT_MAX, Scheme, absorbed, image_qparams, per_input_channel, weight_scales
from deploy.int8.simulated import Float, RangeObserver, Rounded, Simulated, tensor_of

BATCH = 16  # slices at once while ranges are observed
SLICES = 48  # that weights are rounded on
PLACES = 256  # of each of them
DAMPING = 0.01  # of the mean second moment, for inputs that are hardly ever seen


def round_weights(convs: Mapping[str, Conv], images: NDArray[np.uint8]) -> tuple[dict[str, Conv], Scheme]:
    """The convolutions rounded to 7 bits, biases corrected, and the scheme that they were rounded by.

    images: the calibration set, uint8 `[n, H, W]`.
    """
    observed = RangeObserver(convs)
    with torch.inference_mode():
        for start in range(0, len(images), BATCH):
            last_maps(observed, tensor_of(images[start : start + BATCH]))
        rounding = _Rounding(convs, Scheme(observed.maxima, {}))
        chosen = np.linspace(0, len(images) - 1, min(SLICES, len(images))).astype(int)
        last_maps(rounding, rounding.image(tensor_of(images[chosen])))
    scales = {name: scale.clone() for name, scale in rounding.weight_scales.items()}
    return {name: _copied(conv) for name, conv in rounding.done.items()}, Scheme(observed.maxima, scales)


def _copied(conv: Conv) -> Conv:
    """Of what was made in inference mode, which no gradient can pass."""
    return replace(conv, weight=conv.weight.clone(), bias=conv.bias.clone())


class _Both(NamedTuple):
    """The same values in float and as rounded so far."""

    real: Tensor
    rounded: Rounded


class _Rounding:
    """Computes the form in float and in INT8 side by side, rounding every convolution on the way."""

    def __init__(self, convs: Mapping[str, Conv], scheme: Scheme) -> None:
        self.done: dict[str, Conv] = {}
        self.weight_scales: dict[str, Tensor] = {}
        self._float, self._convs = Float(convs), convs
        self._simulated = Simulated(
            self.done, replace(scheme, weight_scales=self.weight_scales), keeps_before_elu=False
        )

    def image(self, x: Tensor) -> _Both:
        return _Both(x, Rounded(x, image_qparams()))

    def conv(self, name: str, x: _Both) -> _Both:
        conv, qparams = self._convs[name], x.rounded.qparams
        weight, groups = absorbed(conv, qparams), conv.groups
        self.weight_scales[name] = scales = weight_scales(weight)
        codes = (x.rounded.values / qparams.scales[:, None, None]).chunk(groups, 1)
        parts = zip(weight.chunk(groups), scales.chunk(groups), codes, strict=True)
        rounded = torch.cat([_rounded(rows, sizes, _moments(part, conv)) for rows, sizes, part in parts])
        self.done[name] = replace(
            conv, weight=rounded / per_input_channel(qparams.scales, len(weight), groups)
        )
        real, simulated = self._float.conv(name, x.real), self._simulated.conv(name, x.rounded)
        error = (real - simulated.values).mean((0, 2, 3))
        self.done[name] = replace(self.done[name], bias=conv.bias + error)
        return _Both(real, Rounded(simulated.values + error[:, None, None], simulated.qparams))

    def stored(self, name: str, x: _Both) -> _Both:
        return _Both(x.real, self._simulated.stored(name, x.rounded))

    def elu(self, name: str, x: _Both) -> _Both:
        return _Both(self._float.elu(name, x.real), self._simulated.elu(name, x.rounded))

    def max_pool(self, x: _Both) -> _Both:
        return _Both(self._float.max_pool(x.real), self._simulated.max_pool(x.rounded))

    def concat(self, parts: list[_Both]) -> _Both:
        real = self._float.concat([part.real for part in parts])
        return _Both(real, self._simulated.concat([part.rounded for part in parts]))

    def pixel_shuffle(self, x: _Both) -> _Both:
        return _Both(self._float.pixel_shuffle(x.real), self._simulated.pixel_shuffle(x.rounded))


def _moments(x: Tensor, conv: Conv) -> Tensor:
    """Mean products of every two of the inputs that a weight meets, `[K, K]`."""
    side = conv.weight.shape[-1]
    patches = functional.unfold(x, side, padding=conv.padding, stride=conv.stride)
    places = torch.linspace(0, patches.shape[2] - 1, min(PLACES, patches.shape[2])).long()
    samples = patches[:, :, places].transpose(1, 2).reshape(-1, patches.shape[1]).double()
    return samples.T @ samples / len(samples)


def _rounded(weight: Tensor, scales: Tensor, moments: Tensor) -> Tensor:
    """weight: `[out, in, k, k]`, to multiples of `scales`, by which they are given back."""
    damped = moments + DAMPING * moments.diagonal().mean() * torch.eye(len(moments), dtype=torch.float64)
    order = moments.diagonal().argsort(descending=True)
    inverse = torch.linalg.inv(damped[order][:, order])
    undo = torch.linalg.cholesky(inverse, upper=True)
    left = (weight / scales).flatten(1).double()[:, order]
    for place in range(left.shape[1]):
        rounded = left[:, place].round().clamp(-WEIGHT_MAX, WEIGHT_MAX)
        error = (left[:, place] - rounded) / undo[place, place]
        left[:, place:] -= error[:, None] * undo[place, place:]
        left[:, place] = rounded
    in_order = torch.empty_like(left)
    in_order[:, order] = left
    return in_order.reshape(weight.shape).float() * scales
