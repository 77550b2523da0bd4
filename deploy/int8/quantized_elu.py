"""ELU from uint8 to uint8 in ONNX Runtime's own operators, which has none for it.

ELU(x) = max(x, 0) + e^min(x, 0) - 1. Both halves are operators that look up a table of 256 entries,
and a third adds them. QLinearLeakyRelu of slope 0 is the first half. For the second, far out on its left
a sigmoid is an exponential: s(x - C) / s(-C) = e^x (1 + e^-C) / (1 + e^(x - C)), which is off by e^-C / 4
at most for x <= 0. With e^min(x, 0) = 1 at the largest uint8, saturation is the min; -1 is the zero point.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import onnx
from onnx import helper, numpy_helper

from deploy.int8.scheme import UINT8_MAX, QParams

DOMAIN = "com.microsoft"
FAR = 6.0  # C, where there is room for it


def quantized_elu(
    x: str, input_qparams: QParams, output_qparams: QParams, name: str
) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """Nodes and constants that turn `x`, uint8 by `input_qparams`, into `name`, by `output_qparams`.

    Off by one step at most from the exact ELU of what `x` stands for. Both have one scale for all
    channels, and `input_qparams` reaches 3 or more.
    """
    input_scale, input_zero_point = input_qparams.scale, input_qparams.zero_point
    shift = min(round(FAR / input_scale), UINT8_MAX - input_zero_point)
    sigmoid_at_zero = 1 / (1 + math.exp(shift * input_scale))  # the sigmoid where x is 0
    constants: list[onnx.TensorProto] = []

    def constant(value: float | int, kind: type[np.generic]) -> str:
        constants.append(numpy_helper.from_array(np.array(value, kind), f"{name}/{len(constants)}"))
        return constants[-1].name

    def scale(value: float) -> str:
        return constant(value, np.float32)

    def zero_point(value: int) -> str:
        return constant(value, np.uint8)

    same, least, positive, exponential = (
        scale(input_scale),
        zero_point(0),
        f"{name}/positive",
        f"{name}/exponential",
    )
    halves = [positive, same, least, exponential, scale(1 / UINT8_MAX), zero_point(UINT8_MAX)]
    left = [x, same, zero_point(input_zero_point + shift), scale(sigmoid_at_zero / UINT8_MAX), least]
    right = [x, same, zero_point(input_zero_point), same, least]
    node = partial(helper.make_node, domain=DOMAIN)
    nodes = [
        node("QLinearLeakyRelu", right, [positive], alpha=0.0),
        node("QLinearSigmoid", left, [exponential]),
        node(
            "QLinearAdd",
            [*halves, scale(output_qparams.scale), zero_point(output_qparams.zero_point)],
            [name],
        ),
    ]
    return nodes, constants
