from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from edgect.model.bundles.bundle import BUNDLED, bundled_names
from edgect.model.bundles.onnx_tensors import float_tensors

TYPES = {TensorProto.FLOAT: np.float32, TensorProto.INT64: np.int64, TensorProto.INT8: np.int8}


@st.composite
def models(draw: st.DrawFn) -> onnx.ModelProto:
    """Models of a few initializers, of several types, with and without `raw_data`, between other fields."""
    initializers = []
    for name in draw(st.lists(st.text(min_size=1, max_size=8), max_size=5, unique=True)):
        data_type = draw(st.sampled_from(list(TYPES)))
        shape = draw(st.lists(st.integers(0, 200), max_size=2))
        numbers = np.random.default_rng(draw(st.integers(0, 9))).normal(0, 50, shape).astype(TYPES[data_type])
        raw = draw(st.booleans())
        values: Any = numbers.tobytes() if raw else numbers.ravel().tolist()
        initializers.append(helper.make_tensor(name, data_type, shape, values, raw=raw))
    node = helper.make_node(
        "Clip", ["x"], ["y"], min=draw(st.floats(width=32)), to=draw(st.integers(-9, 2**40))
    )
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 3]) for name in "xy"]
    graph = helper.make_graph([node], draw(st.text(max_size=300)), ends[:1], ends[1:], initializers)
    return helper.make_model(graph, producer_name=draw(st.text(max_size=20)))


@given(models())
def test_the_numbers_are_those_that_onnx_reads(model: onnx.ModelProto) -> None:
    content = model.SerializeToString()
    expected = {
        tensor.name: numpy_helper.to_array(tensor)
        for tensor in model.graph.initializer
        if tensor.data_type == TensorProto.FLOAT and (tensor.raw_data or tensor.float_data)
    }
    tensors = float_tensors(content)
    assert {name for name, tensor in tensors.items() if 0 not in tensor.shape} == expected.keys()
    for name, numbers in expected.items():
        np.testing.assert_array_equal(tensors[name].read(content), numbers, strict=True)


@given(models(), st.data())
def test_what_is_written_is_what_onnx_reads_and_all_else_stays(
    model: onnx.ModelProto, data: st.DataObject
) -> None:
    content = bytearray(model.SerializeToString())
    tensors = float_tensors(bytes(content))
    if not tensors:
        return
    name = data.draw(st.sampled_from(sorted(tensors)))
    values = np.arange(tensors[name].read(bytes(content)).size, dtype=np.float32).reshape(tensors[name].shape)
    tensors[name].write(content, values)
    edited = onnx.ModelProto.FromString(bytes(content))
    (before,) = (tensor for tensor in model.graph.initializer if tensor.name == name)
    (after,) = (tensor for tensor in edited.graph.initializer if tensor.name == name)
    np.testing.assert_array_equal(numpy_helper.to_array(after), values)
    after.CopyFrom(before)
    assert edited == model


@given(st.one_of(st.binary(max_size=60), models().map(onnx.ModelProto.SerializeToString)), st.data())
def test_damaged_files_are_refused_or_read_without_another_error(content: bytes, data: st.DataObject) -> None:
    damaged = bytearray(content)
    for place in data.draw(st.lists(st.integers(0, max(len(content) - 1, 0)), max_size=3)):
        damaged[place:] = bytes([data.draw(st.integers(0, 255))]) + damaged[place + 1 :]
    try:
        tensors = float_tensors(bytes(damaged))
    except ValueError:
        return
    assert all(0 <= tensor.start <= tensor.stop <= len(damaged) for tensor in tensors.values())


@pytest.mark.parametrize("name", bundled_names())
@pytest.mark.parametrize("file", ["fp32.onnx", "int8.onnx"])
def test_bundled_models_are_read_as_onnx_reads_them(name: str, file: str) -> None:
    content = (BUNDLED / name / file).read_bytes()
    tensors = float_tensors(content)
    expected = {
        tensor.name: numpy_helper.to_array(tensor)
        for tensor in onnx.ModelProto.FromString(content).graph.initializer
        if tensor.data_type == TensorProto.FLOAT
    }
    assert len(expected) > 10
    assert tensors.keys() == expected.keys()
    for tensor, numbers in expected.items():
        np.testing.assert_array_equal(tensors[tensor].read(content), numbers, strict=True)


def test_numbers_in_another_file_are_not_taken_for_numbers_here() -> None:
    tensor = helper.make_tensor("elsewhere", TensorProto.FLOAT, [4], bytes(16), raw=True)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="weights.bin")
    model = helper.make_model(helper.make_graph([], "graph", [], [], [tensor]))
    assert float_tensors(model.SerializeToString()) == {}


def test_two_constants_of_one_name_are_refused() -> None:
    tensor = helper.make_tensor("twice", TensorProto.FLOAT, [1], [1.0])
    model = helper.make_model(helper.make_graph([], "graph", [], [], [tensor, tensor]))
    with pytest.raises(ValueError, match="two constants 'twice'"):
        float_tensors(model.SerializeToString())


def test_a_constant_with_too_few_numbers_is_refused() -> None:
    tensor = helper.make_tensor("short", TensorProto.FLOAT, [2], [1.0, 2.0])
    tensor.dims[0] = 3
    model = helper.make_model(helper.make_graph([], "graph", [], [], [tensor]))
    with pytest.raises(ValueError, match="'short'"):
        float_tensors(model.SerializeToString())
