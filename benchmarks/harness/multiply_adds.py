"""What a network costs, counted from its ONNX graph."""

from __future__ import annotations

from math import prod
from pathlib import Path

import onnx
from onnx import TensorProto, numpy_helper, shape_inference


def multiply_adds(path: Path) -> int:
    """Of the convolutions and matrix products, for one image."""
    model = onnx.load(path)
    for value in model.graph.input:
        value.type.tensor_type.shape.dim[0].dim_value = 1
    graph = shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph
    shapes = {t.name: list(t.dims) for t in graph.initializer}
    for value in (*graph.value_info, *graph.input, *graph.output):
        shapes[value.name] = [d.dim_value or 1 for d in value.type.tensor_type.shape.dim]
    total = 0
    for node in graph.node:
        if node.op_type in ("Conv", "Gemm"):  # every output element sums over one filter
            weights = shapes[node.input[1]]
            transposed = any(a.name == "transB" and a.i for a in node.attribute)
            outputs = weights[0] if node.op_type == "Conv" or transposed else weights[1]
            total += prod(shapes[node.output[0]]) * prod(weights) // outputs
        elif node.op_type == "MatMul":
            total += prod(shapes[node.output[0]]) * shapes[node.input[0]][-1]
        elif node.op_type == "ConvTranspose":
            raise ValueError(f"{path}: {node.op_type} is not counted")
    return total


def parameters(path: Path) -> int:
    """Elements of the weights and biases; constants of a single element are not counted."""
    tensors = onnx.load(path).graph.initializer
    floats = [t for t in tensors if t.data_type == TensorProto.FLOAT]
    return sum(n for t in floats if (n := int(numpy_helper.to_array(t).size)) > 1)
