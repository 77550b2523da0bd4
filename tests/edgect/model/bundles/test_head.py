from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from edgect.errors import ModelError
from edgect.model.bundles.bundle import Bundle, bundled_names
from edgect.model.bundles.head import Head, read_head, rewrite_head

Files = dict[str, bytes]
HOLDERS = {"fp32.onnx", "int8.onnx", "int8.bin"}


@pytest.fixture(params=bundled_names())
def any_bundle(request: pytest.FixtureRequest) -> Bundle:
    return Bundle.load(request.param)


def model_files(bundle: Bundle) -> Files:
    return {name: bundle.read(name) for name in (*HOLDERS, "int8.xml")}


@pytest.fixture
def files(bundle: Bundle) -> Files:
    return model_files(bundle)


def random_head(seed: int = 0) -> Head:
    random = np.random.default_rng(seed)
    weight, bias = random.normal(0, 0.1, (2, 128)), random.normal(0, 0.5, 2)
    return Head(weight.astype(np.float32), bias.astype(np.float32))


def initializers(content: bytes) -> dict[str, bytes]:
    graph = onnx.ModelProto.FromString(content).graph
    return {tensor.name: numpy_helper.to_array(tensor).tobytes() for tensor in graph.initializer}


def test_the_head_is_the_classifier_of_the_fp32_model(any_bundle: Bundle) -> None:
    head = read_head(any_bundle)
    stored = initializers(any_bundle.read("fp32.onnx"))
    assert head.weight.shape == (2, 128)
    assert head.weight.tobytes() == stored["classifier.weight"]
    assert head.bias.tobytes() == stored["classifier.bias"]


def test_its_own_head_leaves_a_bundle_as_it_is(any_bundle: Bundle) -> None:
    files = model_files(any_bundle)
    rewritten = rewrite_head(files, read_head(any_bundle))
    assert rewritten.keys() == HOLDERS
    assert rewritten == {name: files[name] for name in HOLDERS}


def test_another_head_changes_its_own_constants_alone(any_bundle: Bundle) -> None:
    files, head = model_files(any_bundle), random_head()
    rewritten = rewrite_head(files, head)
    assert {name: len(content) for name, content in rewritten.items()} == {n: len(files[n]) for n in HOLDERS}
    changed = {
        name: {
            constant
            for constant, numbers in initializers(rewritten[name]).items()
            if numbers != initializers(files[name])[constant]
        }
        for name in ("fp32.onnx", "int8.onnx")
    }
    assert changed["int8.onnx"] == {"classifier", "cam/zeros", "classifier.bias"}
    assert changed["fp32.onnx"] > {"classifier.weight", "classifier.bias"}
    assert len(changed["fp32.onnx"]) == 3
    bytes_changed = np.not_equal(*(np.frombuffer(c["int8.bin"], np.uint8) for c in (files, rewritten))).sum()
    assert 0 < bytes_changed <= 4 * (2 * 128 + 2 + 2)


def test_a_head_can_be_replaced_again(files: Files, bundle: Bundle) -> None:
    once = files | rewrite_head(files, random_head(1))
    head = random_head(2)
    assert rewrite_head(once, head) == rewrite_head(files, head)


def test_another_bias_leaves_the_weights(files: Files, bundle: Bundle) -> None:
    head = read_head(bundle)
    rewritten = rewrite_head(files, Head(head.weight, head.bias + 1))
    stored = [initializers(content["int8.onnx"]) for content in (files, rewritten)]
    assert {name for name in stored[0] if stored[0][name] != stored[1][name]} == {"classifier.bias"}


@pytest.mark.parametrize(
    ("weight", "bias", "reason"),
    [
        (np.ones((2, 64)), np.zeros(2), "(2, 64)"),
        (np.eye(2, 128), np.zeros(1), "(1,)"),
        (np.full((2, 128), np.nan), np.zeros(2), "finite"),
        (np.eye(2, 128), np.array([0, np.inf]), "finite"),
        (np.ones((2, 128)), np.zeros(2), "alike"),
    ],
)
def test_a_head_that_cannot_be_the_networks_is_refused(
    files: Files, weight: np.ndarray, bias: np.ndarray, reason: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        rewrite_head(files, Head(weight.astype(np.float32), bias.astype(np.float32)))


def edit_onnx(content: bytes, name: str, change: Callable[[np.ndarray], np.ndarray]) -> bytes:
    model = onnx.ModelProto.FromString(content)
    (tensor,) = (tensor for tensor in model.graph.initializer if tensor.name == name)
    tensor.CopyFrom(numpy_helper.from_array(change(numpy_helper.to_array(tensor)), name))
    return model.SerializeToString()


def edit_ir(content: bytes, shape: str, attribute: str, value: str) -> bytes:
    root = ElementTree.fromstring(content)
    (data,) = root.iterfind(f"layers/layer/data[@shape='{shape}']")
    data.set(attribute, value)
    return ElementTree.tostring(root)


@pytest.mark.parametrize(
    ("file", "constant"),
    [
        ("fp32.onnx", "classifier.weight"),
        ("fp32.onnx", "unsqueeze_1"),
        ("fp32.onnx", "classifier.bias"),
        ("int8.onnx", "classifier"),
        ("int8.onnx", "cam/zeros"),
        ("int8.onnx", "classifier.bias"),
        ("int8.onnx", "embedding/steps"),
        ("int8.onnx", "embedding/zeros"),
    ],
)
def test_constants_that_do_not_agree_are_refused(files: Files, file: str, constant: str) -> None:
    files[file] = edit_onnx(files[file], constant, lambda numbers: numbers + np.float32(0.01))
    # where the FP32 model agrees with itself, it is the INT8 model that does not agree with it
    named = "int8.onnx" if (file, constant) == ("fp32.onnx", "classifier.bias") else file
    with pytest.raises(ModelError, match=f"^{re.escape(named)}: .*cannot be replaced"):
        rewrite_head(files, random_head())


def test_a_classifier_of_another_shape_is_refused(files: Files) -> None:
    files["fp32.onnx"] = edit_onnx(files["fp32.onnx"], "classifier.weight", lambda numbers: numbers[:1])
    with pytest.raises(ModelError, match=r"^fp32\.onnx: .*\(1, 128\)"):
        rewrite_head(files, random_head())


@pytest.mark.parametrize("file", ["fp32.onnx", "int8.onnx", "int8.xml", "int8.bin"])
@pytest.mark.parametrize("content", [b"", b"This is no model."])
def test_a_file_that_is_no_model_is_refused(files: Files, file: str, content: bytes) -> None:
    files[file] = content
    named = "int8.bin" if file == "int8.xml" else file
    with pytest.raises(ModelError, match=f"^{re.escape(named)}: .*cannot be replaced"):
        rewrite_head(files, random_head())


@pytest.mark.parametrize("file", ["fp32.onnx", "int8.onnx", "int8.xml", "int8.bin"])
def test_a_bundle_without_a_file_is_refused(files: Files, file: str) -> None:
    del files[file]
    with pytest.raises(ModelError, match=re.escape(file)):
        rewrite_head(files, random_head())


@pytest.mark.parametrize(
    ("shape", "attribute", "value"),
    [
        ("2, 128, 1, 1", "offset", "0"),  # which other layers take
        ("2, 128, 1, 1", "offset", "64"),
        ("2, 128, 1, 1", "offset", "99999999"),
        ("2, 128, 1, 1", "offset", "-1024"),
        ("2, 128, 1, 1", "offset", "far"),
        ("2, 128, 1, 1", "element_type", "f16"),
        ("2, 128, 1, 1", "shape", "128, 2, 1, 1"),
        ("1, 2, 1, 1", "offset", "925376"),  # the bias
    ],
)
def test_an_ir_of_another_structure_is_refused(files: Files, shape: str, attribute: str, value: str) -> None:
    files["int8.xml"] = edit_ir(files["int8.xml"], shape, attribute, value)
    with pytest.raises(ModelError, match=r"^int8\.bin: .*cannot be replaced"):
        rewrite_head(files, random_head())


def test_a_damaged_weight_in_the_ir_is_refused(files: Files, bundle: Bundle) -> None:
    scaled = initializers(files["int8.onnx"])["embedding/steps"]
    place = files["int8.bin"].index(scaled)
    damaged = bytearray(files["int8.bin"])
    damaged[place + 3] ^= 1
    with pytest.raises(ModelError, match=r"^int8\.bin: .*does not follow"):
        rewrite_head(files | {"int8.bin": bytes(damaged)}, random_head())


def test_a_bundle_whose_model_is_another_names_its_file(bundle_copy: Path, edit_manifest: Any) -> None:
    content = b"This is no model."
    (bundle_copy / "fp32.onnx").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    other = Bundle.load(edit_manifest(lambda manifest: manifest["files"].update({"fp32.onnx": digest})))
    with pytest.raises(ModelError, match=f"^{re.escape(str(bundle_copy))}.*fp32"):
        read_head(other)
