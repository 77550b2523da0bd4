"""What is in model files, and what an engine makes of one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import onnx
import openvino as ov

CONVOLUTIONS = 27  # of the form: 8 fire modules of 3, the first, the upsampling and the weighted sum


def primitives(compiled: ov.CompiledModel, layer: str, of: str = "") -> list[str]:
    """What computes the layers of a type, as `jit_avx2_I8`. of: how the node's name begins."""
    ran = compiled.get_runtime_model().get_ordered_ops()
    nodes = [(op.get_friendly_name(), *_told(op, "layerType", "primitiveType")) for op in ran]
    return [primitive for name, kind, primitive in nodes if kind == layer and name.startswith(of)]


def _told(op: ov.Node, *names: str) -> list[str]:
    info = op.get_rt_info()
    return [str(info[name].astype(str)) if name in info else "" for name in names]


def stored_in_onnx(path: Path) -> Counter[str]:
    """How many numbers of each kind."""
    stored: Counter[str] = Counter()
    for constant in onnx.load(path).graph.initializer:
        values = onnx.numpy_helper.to_array(constant)
        stored[values.dtype.name] += values.size
    return stored


def stored_in_ir(path: Path) -> Counter[str]:
    stored: Counter[str] = Counter()
    for op in ov.Core().read_model(path).get_ops():
        if op.get_type_name() == "Constant":
            stored[op.data.dtype.name] += op.data.size
    return stored
