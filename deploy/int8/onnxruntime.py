"""The form as an ONNX model of integer operators, for ONNX Runtime.

The engine computes quantized convolutions with channels last, and moves the transpositions that this
takes until they cancel out. Where its own operator would hold them up, the writer says with plain
reshapes and transpositions what is meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from deploy.export import OPSET
from deploy.int8.form import (
    FIRST,
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
from deploy.int8.quantized_elu import DOMAIN, quantized_elu
from deploy.int8.scheme import QParams, Scheme, concatenated, image_qparams, integer_conv

FIRST_TO_LAST, LAST_TO_FIRST = [0, 2, 3, 1], [0, 3, 1, 2]

QTensor = tuple[str, QParams]  # a tensor, and what it stands for


def model(convs: Mapping[str, Conv], scheme: Scheme, head: Head, size: tuple[int, int]) -> onnx.ModelProto:
    """The network by its contract, batch size free. size: (height, width) of the image in pixels."""
    writer = Writer(convs, scheme, size)
    _finish(writer, *last_maps(writer, ("image", image_qparams())), head)
    outputs = {"logits": ["N", 2], "cam": ["N", 2, None, None], "embedding": ["N", head.weight.shape[1]]}
    graph = helper.make_graph(
        writer.nodes,
        "edgect",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", 1, *size])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        list(writer.constants.values()),
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(DOMAIN, 1)]
    onnx_model = helper.make_model(graph, opset_imports=opsets, ir_version=10, producer_name="edgect")
    onnx.checker.check_model(onnx_model)
    return onnx_model


def _finish(writer: Writer, last: str, qparams: QParams, head: Head) -> None:
    """In float: the map as a product for every place, its mean, and the mean of the last maps as another."""
    node, constant = writer.node, writer.constant
    scales, zero_points = qparams.scales.numpy(), qparams.zero_points.numpy()
    last = node("Transpose", [last], "maps/last", perm=FIRST_TO_LAST)
    maps = node("Cast", [last], "maps", to=TensorProto.FLOAT)
    weight = head.weight * scales
    cam = node("MatMul", [maps, constant("classifier", weight.T)], "cam/numbers")
    cam = node("Add", [cam, constant("cam/zeros", -weight @ zero_points)], "cam/last")
    cam = node("Transpose", [cam], "cam" if head.map_side == 1 else "cam/whole", perm=LAST_TO_FIRST)
    if head.map_side > 1:
        square = {"kernel_shape": [head.map_side] * 2, "strides": [head.map_side] * 2}
        cam = node("AveragePool", [cam], "cam", **square)
    mean = node("ReduceMean", [cam, constant("sides", np.array([2, 3]))], "cam/mean", keepdims=0)
    node("Add", [mean, constant("classifier.bias", head.bias)], "logits")
    height, width = writer.map_size
    listed = writer.reshaped(maps, [-1, height * width, len(scales)], "maps/listed")
    share = np.full((1, height * width), 1 / (height * width), np.float32)
    row = node("MatMul", [constant("share", share), listed], "embedding/row")
    row = writer.reshaped(row, [-1, len(scales)], "embedding/numbers")
    row = node("Mul", [row, constant("embedding/steps", scales)], "embedding/scaled")
    node("Add", [row, constant("embedding/zeros", -scales * zero_points)], "embedding")


class Writer:
    """The form's operations, each adding nodes to a graph.

    To the engine, numbers are what they are: scales and zero points lie in weights and biases.
    """

    def __init__(self, convs: Mapping[str, Conv], scheme: Scheme, size: tuple[int, int]) -> None:
        self._convs, self._scheme, self._size = convs, scheme, size
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}
        self.map_size = map_size(size)

    def conv(self, name: str, x: QTensor) -> QTensor:
        (source, input_qparams), conv, output_qparams = x, self._convs[name], self._scheme.before_elu(name)
        weight_scales = self._scheme.weight_scales[name]
        if name == UPSAMPLE:
            weight_scales = places_first(weight_scales, conv.groups)
            conv, output_qparams = with_places_first(conv), output_qparams.places_first(conv.groups)
        integer = integer_conv(conv, weight_scales, input_qparams, output_qparams)
        weight, stride = integer.weight, conv.stride
        if name == FIRST:
            source, weight, stride = self._four_channels(source), _on_four_channels(weight), 1
        unit_scale, zero = self.constant("one", np.float32(1)), self.constant("zero", np.uint8(0))
        zero_point = self.constant(f"zero/{integer.zero_point}", np.uint8(integer.zero_point))
        quantized = [
            self.constant(f"{name}.weight", weight),
            self.constant(f"{name}.factor", integer.factor),
            self.constant(f"{name}.zero", np.zeros(len(weight), np.int8)),
        ]
        bias = self.constant(f"{name}.bias", np.rint(integer.bias / integer.factor).astype(np.int32))
        result = self.node(
            "QLinearConv",
            [source, unit_scale, zero_point, *quantized, unit_scale, zero, bias],
            name,
            kernel_shape=weight.shape[2:],
            strides=[stride] * 2,
            pads=[conv.padding] * 4,
            group=conv.groups,
        )
        return result, output_qparams

    def _four_channels(self, image: str) -> str:
        """Squares of 2 x 2 pixels as 4 channels: convolutions of a single channel are slow.

        An odd side gets its last line twice, which meets only weights of 0.
        """
        for axis, side in ((2, self._size[0]), (3, self._size[1])):
            if side % 2:
                last = [self.constant(f"even/{axis}/{n}", np.array([n])) for n in (side - 1, side, axis)]
                border = self.node("Slice", [image, *last], f"border/{axis}")
                image = self.node("Concat", [image, border], f"even/{axis}", axis=axis)
        height, width = (-(-side // 2) for side in self._size)
        squares = self.reshaped(image, [-1, height, 2, width, 2], "squares")
        squares = self.node("Transpose", [squares], "squares/together", perm=[0, 1, 3, 2, 4])
        squares = self.reshaped(squares, [-1, height, width, 4], "squares/last")
        return self.node("Transpose", [squares], "squares/first", perm=LAST_TO_FIRST)

    def stored(self, name: str, x: QTensor) -> QTensor:
        return x  # as every convolution's outputs

    def elu(self, name: str, x: QTensor) -> QTensor:
        if self._scheme.saturates(name):
            return x
        (source, input_qparams), output_qparams = x, self._scheme.after_elu(name)
        nodes, constants = quantized_elu(source, input_qparams, output_qparams, f"{name}/elu")
        self.nodes += nodes
        self.constants |= {constant.name: constant for constant in constants}
        return f"{name}/elu", output_qparams

    def max_pool(self, x: QTensor) -> QTensor:
        source, qparams = x
        size = {"kernel_shape": [POOL] * 2, "strides": [STRIDE] * 2, "ceil_mode": 1}
        return self.node("MaxPool", [source], f"{source}/pool", **size), qparams

    def concat(self, parts: list[QTensor]) -> QTensor:
        names, qparams = zip(*parts, strict=True)
        return self.node("Concat", list(names), f"{names[0]}/concat", axis=1), concatenated(qparams)

    def pixel_shuffle(self, x: QTensor) -> QTensor:
        (source, qparams), groups = x, self._convs[UPSAMPLE].groups
        (height, width), channels = self.map_size, len(qparams.scales) // SHUFFLE**2
        split_shape = [-1, height // SHUFFLE, width // SHUFFLE, groups, SHUFFLE, SHUFFLE, channels // groups]
        last = self.node("Transpose", [source], "shuffle/last", perm=FIRST_TO_LAST)
        last = self.reshaped(last, split_shape, "shuffle/apart")
        last = self.node("Transpose", [last], "shuffle/spread", perm=[0, 1, 4, 2, 5, 3, 6])
        last = self.reshaped(last, [-1, height, width, channels], "shuffle/together")
        return self.node("Transpose", [last], "shuffle", perm=LAST_TO_FIRST), self._scheme.after_shuffle()

    def reshaped(self, x: str, shape: list[int], name: str) -> str:
        return self.node("Reshape", [x, self.constant(f"{name}/shape", np.array(shape))], name)

    def node(self, kind: str, inputs: list[str], name: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [name], name, **attributes))
        return name

    def constant(self, name: str, value: Any) -> str:
        self.constants[name] = numpy_helper.from_array(np.array(value, order="C"), name)
        return name


def _on_four_channels(weight: NDArray[np.int8]) -> NDArray[np.int8]:
    """3 x 3 at stride 2 on one channel, as 2 x 2 at stride 1 on the channels of `_four_channels`."""
    on_four = np.zeros((len(weight), 4, 2, 2), np.int8)
    for row in range(3):
        for column in range(3):
            on_four[:, 2 * (row % 2) + column % 2, row // 2, column // 2] = weight[:, 0, row, column]
    return on_four


def map_size(size: tuple[int, int]) -> tuple[int, int]:
    """(height, width) of the last maps, where an image of `size` was read."""
    after_first = ((side - 3) // 2 + 1 for side in size)
    height, width = (-(-(side - POOL) // STRIDE) + 1 for side in after_first)
    return height, width
