"""A bundle's head, its last layer: read from its model files, and replaced in them without any engine.

The networks end in maps `[features, h, w]`, whose mean is the embedding. The head weighs the features: at
every place for the heat map, and in the mean for the logits. In the model files it is a few constants, which
are replaced where they lie, so that files keep their sizes and engines have nothing more to do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgect.errors import ModelError
from edgect.model.bundles.bundle import Bundle
from edgect.model.bundles.ir_constants import float_constants
from edgect.model.bundles.onnx_tensors import float_tensors
from edgect.model.bundles.stored_tensors import StoredTensor

FP32, INT8, IR, IR_WEIGHTS = "fp32.onnx", "int8.onnx", "int8.xml", "int8.bin"
ROUNDING = 1e-5  # that constants may be off what they are made from, as a share of what is summed up in them

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Head:
    """`logits = weight @ embedding + bias`, and at every place `cam = weight @ maps`.

    weight: float32 `[2, features]`, not COVID-19 and COVID-19. bias: float32 `[2]`.
    """

    weight: Floats
    bias: Floats


class _Constant(NamedTuple):
    """A constant that is made from the head. scale: the most that is summed up in one of its values."""

    name: str
    tensor: StoredTensor
    values: Floats
    scale: float


def read_head(bundle: Bundle) -> Head:
    """The head, from the FP32 model. Raises ModelError where that has none as `deploy` writes it."""
    content = bundle.read(FP32)
    with _refusing(bundle.path / FP32):
        return _head(content)


def rewrite_head(files: Mapping[str, bytes], head: Head, absent: Collection[str] = ()) -> dict[str, bytes]:
    """Model files with another head, byte for byte the same where the head is.

    files: all model files of a bundle, by name. Returned are those that hold numbers of the head, which are
    `fp32.onnx`, `int8.onnx` and `int8.bin`; `int8.xml` says where in `int8.bin` they lie, which stays.

    absent: names of those that the bundle does not have, since it is not for their engine.

    Raises ValueError where the head does not fit the network, is not finite or weighs both labels alike;
    ModelError, which names the file, where the present head is not in the files as `deploy` writes it.
    """
    with _refusing(FP32):
        present = _head(files[FP32])
    if head.weight.shape != present.weight.shape or head.bias.shape != present.bias.shape:
        raise ValueError(
            f"the head is {head.weight.shape} and {head.bias.shape}, and not "
            f"{present.weight.shape} and {present.bias.shape} as the network's is"
        )
    if not (np.isfinite(head.weight).all() and np.isfinite(head.bias).all()):
        raise ValueError("the head is not finite")
    if np.array_equal(head.weight[0], head.weight[1]):
        raise ValueError("the head weighs both labels alike")
    rewritten = {}
    for name, constants in _CONSTANTS.items():
        if name in absent:
            continue
        with _refusing(name):
            rewritten[name] = _replaced(files[name], constants(files, present), constants(files, head))
    return rewritten


@contextmanager
def _refusing(file: str | PathLike[str]) -> Iterator[None]:
    try:
        yield
    except (ValueError, KeyError) as error:
        reason = f"there is no {error}" if isinstance(error, KeyError) else error
        raise ModelError(
            f"{file}: its last layer is not as edgect writes it ({reason}), so this bundle's head cannot be "
            "replaced; train the other head and deploy it to a bundle of its own"
        ) from error


def _replaced(content: bytes, present: list[_Constant], new: list[_Constant]) -> bytes:
    """With new values for those that differ. Raises ValueError where the present ones are not in the file."""
    edited = bytearray(content)
    for (name, tensor, expected, scale), (_, _, values, _) in zip(present, new, strict=True):
        if not np.abs(tensor.read(content) - expected).max() <= ROUNDING * scale:  # nor is NaN
            raise ValueError(f"{name} does not follow from the head in {FP32}")
        if not np.array_equal(values, expected):
            tensor.write(edited, values)
    return bytes(edited)


def _head(fp32: bytes) -> Head:
    tensors = float_tensors(fp32)
    weight, bias = tensors["classifier.weight"].read(fp32), tensors["classifier.bias"].read(fp32)
    if weight.ndim != 2 or len(weight) != 2 or bias.shape != (2,):
        raise ValueError(f"the classifier is {weight.shape} and {bias.shape}")
    return Head(weight, bias)


def _in_fp32(files: Mapping[str, bytes], head: Head) -> list[_Constant]:
    """The weight is there twice: for the logits, and for the heat map as a convolution's."""
    tensors = float_tensors(files[FP32])
    weight = tensors["classifier.weight"]
    kernel = (*weight.shape, 1, 1)
    copies = [
        name
        for name, tensor in tensors.items()
        if tensor.shape == kernel
        and np.array_equal(tensor.read(files[FP32]).reshape(weight.shape), weight.read(files[FP32]))
    ]
    if len(copies) != 1:
        raise ValueError(f"{len(copies)} convolutions have the weight of the classifier")
    return [
        _constant("classifier.weight", weight, head.weight),
        _constant(copies[0], tensors[copies[0]], head.weight),
        _constant("classifier.bias", tensors["classifier.bias"], head.bias),
    ]


def _in_int8(files: Mapping[str, bytes], head: Head) -> list[_Constant]:
    content, tensors = files[INT8], float_tensors(files[INT8])
    steps, zeros = (tensors[f"embedding/{name}"].read(content) for name in ("steps", "zeros"))
    places = (tensors[name] for name in ("classifier", "cam/zeros", "classifier.bias"))
    return _quantized(head, steps, zeros, *places)


def _in_ir(files: Mapping[str, bytes], head: Head) -> list[_Constant]:
    content, constants = files[IR_WEIGHTS], float_constants(files[IR])
    features = head.weight.shape[1]
    steps = constants["Multiply", (1, features)].read(content)[0]
    zeros = constants["Add", (1, features)].read(content)[0]
    places = ("Convolution", (2, features, 1, 1)), ("Add", (1, 2, 1, 1)), ("Add", (1, 2))
    return _quantized(head, steps, zeros, *(constants[place] for place in places))


def _quantized(
    head: Head,
    steps: Floats,
    zeros: Floats,
    weight: StoredTensor,
    cam_zeros: StoredTensor,
    bias: StoredTensor,
) -> list[_Constant]:
    """Of maps that are integers, which `steps` and `zeros`, `[features]`, turn into what they stand for."""
    scaled = head.weight * steps
    if weight.shape == scaled.T.shape:
        scaled = scaled.T
    at_zero = head.weight.astype(np.float64) @ zeros
    most = float((np.abs(head.weight) @ np.abs(zeros)).max())
    return [
        _constant("the classifier's weight", weight, scaled),
        _constant("the heat map's zero", cam_zeros, at_zero.astype(np.float32), most),
        _constant("classifier.bias", bias, head.bias),
    ]


def _constant(name: str, tensor: StoredTensor, values: Floats, scale: float | None = None) -> _Constant:
    largest = float(np.abs(values).max()) if scale is None else scale
    return _Constant(name, tensor, values.reshape(tensor.shape), largest)


_CONSTANTS: Mapping[str, Callable[[Mapping[str, bytes], Head], list[_Constant]]] = {
    FP32: _in_fp32,
    INT8: _in_int8,
    IR_WEIGHTS: _in_ir,
}
