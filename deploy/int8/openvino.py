"""The form as an OpenVINO model, of which the engine makes integer operators where it quantizes.

ELU is computed with its convolution, on the sums before they are rounded; where scales are coarse,
rounding itself saturates where ELU does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import Node, opset13
from openvino.opset13 import constant

from deploy.int8.form import (
    POOL,
    SHUFFLE,
    STRIDE,
    UPSAMPLE,
    Conv,
    Head,
    last_maps,
    places_first,
    with_places_first,
)
from deploy.int8.scheme import UINT8_MAX, QParams, Scheme, concatenated, image_qparams, integer_conv

LONG = 64  # channels: as many are moved at once; where fewer lie together, the engine's own shuffle is faster


@dataclass(frozen=True)
class Value:
    """qparams: of the node's outputs, or of what they are to be rounded to; None for real outputs."""

    node: Node
    qparams: QParams | None
    rounded: bool = False

    @property
    def known(self) -> QParams:
        assert self.qparams is not None
        assert self.rounded
        return self.qparams


def model(convs: Mapping[str, Conv], scheme: Scheme, head: Head, size: tuple[int, int]) -> ov.Model:
    """The network by its contract, for one image of `size`, (height, width) in pixels."""
    image = opset13.parameter([1, 1, *size], ov.Type.u8, "image")
    pixels = _rounded(opset13.convert(image, "f32"), (0, UINT8_MAX))
    last_value = last_maps(Writer(convs, scheme), Value(pixels, image_qparams(), True))
    maps, scales, zero_points = (
        last_value.node,
        last_value.known.scales.numpy(),
        last_value.known.zero_points.numpy(),
    )
    sides, weight = constant(np.array([2, 3])), head.weight * scales
    cam = opset13.convolution(maps, _four(weight), [1, 1], [0, 0], [0, 0], [1, 1])
    cam = opset13.add(cam, _four((-weight @ zero_points)[None]))
    if head.map_side > 1:  # of the map: means of 8-bit maps would be rounded to 8 bits again
        side, none = [head.map_side] * 2, [0, 0]
        cam = opset13.avg_pool(cam, side, none, none, side, exclude_pad=False)
    logits = opset13.add(opset13.reduce_mean(cam, sides, False), constant(head.bias[None]))
    means = opset13.multiply(opset13.reduce_mean(maps, sides, False), constant(scales[None]))
    outputs = {
        "logits": logits,
        "cam": cam,
        "embedding": opset13.add(means, constant((-scales * zero_points)[None])),
    }
    for name, node in {**outputs, "image": image}.items():
        node.set_friendly_name(name)
        node.output(0).get_tensor().set_names({name})
    return ov.Model(list(outputs.values()), [image], "edgect")


class Writer:
    """The form's operations, each adding nodes to a model."""

    def __init__(self, convs: Mapping[str, Conv], scheme: Scheme) -> None:
        self._convs, self._scheme = convs, scheme
        upsample = convs[UPSAMPLE]
        self._groups = upsample.groups
        self._moves_channels = len(upsample.bias) // SHUFFLE**2 // upsample.groups >= LONG

    def conv(self, name: str, x: Value) -> Value:
        conv = self._convs[name]
        output_qparams = self._scheme.after_elu(name) if self._scheme.saturates(name) else None
        weight_scales = self._scheme.weight_scales[name]
        if name == UPSAMPLE and self._moves_channels:
            weight_scales, conv = places_first(weight_scales, conv.groups), with_places_first(conv)
            output_qparams = output_qparams and output_qparams.places_first(conv.groups)
        integer = integer_conv(conv, weight_scales, x.known, output_qparams)
        weight, factor = integer.weight, integer.factor.reshape(-1, 1, 1, 1)
        options = [conv.stride] * 2, [conv.padding] * 2, [conv.padding] * 2, [1, 1]
        if conv.groups > 1:
            weights = _weights(_grouped(weight, conv.groups), _grouped(factor, conv.groups))
            sums = opset13.group_convolution(x.node, weights, *options)
        else:
            sums = opset13.convolution(x.node, _weights(weight, factor), *options)
        return Value(opset13.add(sums, _four(integer.bias[None])), output_qparams)

    def stored(self, name: str, x: Value) -> Value:
        if x.qparams is not None:
            return Value(_rounded(x.node, (0, UINT8_MAX)), x.qparams, True)
        bounds = _bounds(self._scheme.before_elu(name))
        return Value(_rounded(x.node, bounds, bounds), None)

    def elu(self, name: str, x: Value) -> Value:
        if x.rounded:
            return x
        qparams, bounds, node = self._scheme.after_elu(name), (0.0, float(UINT8_MAX)), x.node
        if x.qparams is None:
            node, bounds = opset13.elu(node, 1.0), _bounds(qparams)
        if not name.endswith("squeeze"):
            return Value(_rounded(node, bounds), qparams, True)
        shift = qparams.zero_point  # 0 has to be called 0 where it is padded with
        shifted = QParams(qparams.scales, qparams.zero_points - shift)
        return Value(_rounded(node, bounds, (-shift, UINT8_MAX - shift)), shifted, True)

    def max_pool(self, x: Value) -> Value:
        none = [0, 0]
        pool = opset13.max_pool(x.node, [STRIDE] * 2, [1, 1], none, none, [POOL] * 2, "ceil")
        return Value(pool.output(0), x.qparams, x.rounded)

    def concat(self, parts: list[Value]) -> Value:
        return Value(opset13.concat([p.node for p in parts], 1), concatenated([p.known for p in parts]), True)

    def pixel_shuffle(self, x: Value) -> Value:
        if self._moves_channels:
            shuffled = self._moved(x.node)
        else:
            shuffled = opset13.depth_to_space(x.node, "depth_first", SHUFFLE)
        return Value(shuffled, self._scheme.after_shuffle(), True)

    def _moved(self, x: Node) -> Node:
        _, outputs, height, width = x.output(0).get_shape()
        channels = outputs // SHUFFLE**2
        split_shape = [height, width, self._groups, SHUFFLE, SHUFFLE, channels // self._groups]
        last = _reshaped(opset13.transpose(x, constant([0, 2, 3, 1])), split_shape)
        spread = opset13.transpose(last, constant([0, 3, 1, 4, 2, 5]))
        together = _reshaped(spread, [1, SHUFFLE * height, SHUFFLE * width, channels])
        return opset13.transpose(together, constant([0, 3, 1, 2]))


def _rounded(x: Node, bounds: tuple[float, float], codes: tuple[float, float] = (0, UINT8_MAX)) -> Node:
    """Rounded to one of 256 numbers between `bounds`, which are then called those between `codes`."""
    ends = [constant(np.full((1, 1, 1, 1), end, np.float32)) for end in (*bounds, *codes)]
    return opset13.fake_quantize(x, *ends, UINT8_MAX + 1)


def _bounds(qparams: QParams) -> tuple[float, float]:
    """What the least and the largest number stand for."""
    least, most = (qparams.scale * (q - qparams.zero_point) for q in (0, UINT8_MAX))
    return least, most


def _weights(weight: NDArray[np.int8], factor: NDArray[np.float32]) -> Node:
    return opset13.multiply(opset13.convert(constant(weight), "f32"), constant(factor))


def _grouped(x: NDArray[Any], groups: int) -> NDArray[Any]:
    return np.ascontiguousarray(x.reshape(groups, -1, *x.shape[1:]))


def _four(x: NDArray[np.float32]) -> Node:
    """A constant with the two sides that maps have; x: `[a, b]`."""
    return constant(np.ascontiguousarray(x[:, :, None, None], np.float32))


def _reshaped(x: Node, shape: list[int]) -> Node:
    return opset13.reshape(x, constant(shape), False)
