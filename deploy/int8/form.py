"""The network as INT8 computes it, out of operations that torch and both engines have.

It is the exported network with three things in other places, and computes the same. The scaling of
grey levels lies in the first convolution's weights. ELU, which is monotone, comes after a max pooling
where nothing else reads what is pooled. It comes before the pixel shuffle, next to its convolution.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from deploy.export import inference_form
from train.networks.fire import FIRE
from train.networks.light_cnn import LightCNN

Value = TypeVar("Value")

FIRST, UPSAMPLE, LAST = "conv1", "upsample", "weighted_sum"
SHUFFLE = 4  # the upsampling's factor
POOL, STRIDE = 3, 2  # of every max pooling, whose ends are rounded up
KINDS = ("squeeze", "expand1x1", "expand3x3")


@dataclass
class Conv:
    """A convolution. weight: float32 `[out, in / groups, k, k]`. bias: float32 `[out]`."""

    weight: Tensor
    bias: Tensor
    stride: int = 1
    padding: int = 0
    groups: int = 1


@dataclass
class Head:
    """What follows the last maps: a class activation map, averaged over squares, whose mean is the logits.

    weight: float32 `[2, 128]`. bias: float32 `[2]`. map_side: of the squares, in places of the maps.
    """

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    map_side: int


class Operations(Protocol[Value]):
    """What the form is made of: each computes on values, or writes a model down.

    name: the convolution's whose outputs are meant.
    """

    def conv(self, name: str, x: Value) -> Value: ...

    def stored(self, name: str, x: Value) -> Value:
        """A convolution's outputs in 8 bits, where something other than ELU reads them."""
        ...

    def elu(self, name: str, x: Value) -> Value:
        """ELU of a convolution's outputs, in 8 bits."""
        ...

    def max_pool(self, x: Value) -> Value: ...

    def concat(self, parts: list[Value]) -> Value: ...

    def pixel_shuffle(self, x: Value) -> Value: ...


def last_maps(ops: Operations[Value], image: Value) -> Value:
    """The image, 0 to 255, `[N, 1, H, W]`, to the maps before the last pool, `[N, 128, h, w]`."""
    x = ops.elu(FIRST, ops.max_pool(ops.stored(FIRST, ops.conv(FIRST, image))))
    skip = _fire(ops, 3, _fire(ops, 2, x))
    x = _fire(ops, 4, ops.max_pool(skip))
    x = ops.concat([ops.elu(n, ops.max_pool(ops.stored(n, part))) for n, part in _expanded(ops, 5, x)])
    for number in (6, 7, 8, 9):
        x = _fire(ops, number, x)
    deep = ops.pixel_shuffle(ops.elu(UPSAMPLE, ops.conv(UPSAMPLE, x)))
    return ops.elu(LAST, ops.conv(LAST, ops.concat([skip, deep])))


def _fire(ops: Operations[Value], number: int, x: Value) -> Value:
    return ops.concat([ops.elu(name, part) for name, part in _expanded(ops, number, x)])


def _expanded(ops: Operations[Value], number: int, x: Value) -> list[tuple[str, Value]]:
    squeeze, *expand = (f"fire{number}.{kind}" for kind in KINDS)
    squeezed = ops.elu(squeeze, ops.conv(squeeze, x))
    return [(name, ops.conv(name, squeezed)) for name in expand]


def convolutions(network: LightCNN) -> dict[str, Conv]:
    """The form's convolutions by name, normalisation and the scaling of grey levels folded in."""
    plain = inference_form(network)
    layers = {FIRST: plain.conv1, UPSAMPLE: plain.get_submodule("upsample.0"), LAST: plain.weighted_sum}
    for number in FIRE:
        for kind in KINDS:
            layers[f"fire{number}.{kind}"] = plain.get_submodule(f"fire{number}.{kind}")
    convs = {name: _conv(layer) for name, layer in layers.items()}
    first = convs[FIRST]  # it pads nothing, so that the mean can go into the bias
    scaled = first.weight.double() / network.std
    first.bias = (first.bias - (scaled * network.mean).sum((1, 2, 3))).float()
    first.weight = (scaled / 255).float()
    return convs


def _conv(layer: nn.Module) -> Conv:
    assert isinstance(layer, nn.Conv2d)
    assert layer.bias is not None
    stride, padding = layer.stride[0], layer.padding[0]
    assert isinstance(padding, int)
    weight, bias = (tensor.detach().clone() for tensor in (layer.weight, layer.bias))
    return Conv(weight.contiguous(), bias, stride, padding, layer.groups)


def head(network: LightCNN) -> Head:
    weight, bias = (t.detach().numpy().copy() for t in (network.classifier.weight, network.classifier.bias))
    return Head(weight, bias, network.map_side)


def places_first(x: Tensor, groups: int) -> Tensor:
    """The upsampling's outputs from (group, channel, place in the square) to (group, place, channel).

    Channels that lie together can be moved together, which makes the shuffle fast. x: `[out, ...]`.
    """
    places = x.reshape(groups, -1, SHUFFLE**2, *x.shape[1:])
    return places.transpose(1, 2).reshape(x.shape)


def with_places_first(conv: Conv) -> Conv:
    weight, bias = (places_first(tensor, conv.groups) for tensor in (conv.weight, conv.bias))
    return replace(conv, weight=weight, bias=bias)
