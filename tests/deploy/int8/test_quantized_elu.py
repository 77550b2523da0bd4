"""ELU in 8 bits, by ONNX Runtime."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto, helper

from deploy.export import OPSET
from deploy.int8.quantized_elu import DOMAIN, quantized_elu
from deploy.int8.scheme import UINT8_MAX, QParams, Scheme
from tests.deploy.int8.test_scheme import SATURATES

EVERY = np.arange(UINT8_MAX + 1, dtype=np.uint8)


def computed(before: QParams, after: QParams) -> NDArray[np.int64]:
    """What every uint8 becomes."""
    nodes, constants = quantized_elu("x", before, after, "y")
    x, y = (helper.make_tensor_value_info(name, TensorProto.UINT8, [UINT8_MAX + 1]) for name in "xy")
    graph = helper.make_graph(nodes, "elu", [x], [y], constants)
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(DOMAIN, 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(["y"], {"x": EVERY})[0], np.int64)


def exact(before: QParams, after: QParams) -> NDArray[np.float64]:
    """Where ELU lies between the numbers of `after`, not rounded."""
    x = before.scale * (EVERY.astype(np.float64) - before.zero_point)
    return np.minimum(np.where(x > 0, x, np.expm1(x)) / after.scale + after.zero_point, UINT8_MAX)


@given(st.floats(3, SATURATES - 0.01), st.sampled_from(["fire2.squeeze", "fire2.expand3x3"]))
@example(3.0, "fire2.squeeze")
@example(SATURATES - 0.01, "fire2.squeeze")
@settings(max_examples=60, deadline=None)
def test_it_is_off_by_one_step_at_most(high: float, name: str) -> None:
    scheme = Scheme({name: torch.tensor([high, 1.0])}, {})
    before, after = scheme.before_elu(name), scheme.after_elu(name)
    output, expected = computed(before, after), exact(before, after)
    off = np.abs(output - np.rint(expected))
    share = (off == 1).mean()
    assert off.max() <= 1, f"{off.max():.0f} steps off; {share:.0%} are off by one"
    assert share < 0.5, f"{share:.0%} of 256 numbers are off by one"
    assert (np.diff(output) >= 0).all()  # as ELU rises, so that the max pool before it may come after it
