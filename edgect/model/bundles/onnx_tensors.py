"""Where the float32 constants of an ONNX file lie, read from Protocol Buffers' wire format alone.

Numbers of fields are those of onnx.proto, the wire format is https://protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from edgect.model.bundles.stored_tensors import LITTLE_ENDIAN, StoredTensor

VARINT, FIXED_64, LENGTH, FIXED_32 = 0, 1, 2, 5  # kinds of fields
FIXED = {FIXED_64: 8, FIXED_32: 4}  # bytes
LONGEST_VARINT = 10  # bytes

GRAPH = 7  # of a ModelProto
INITIALIZER = 5  # of a GraphProto
DIMS, DATA_TYPE, FLOAT_DATA, NAME, RAW_DATA = 1, 2, 4, 8, 9  # of a TensorProto
FLOAT = 1  # a data type


class Field(NamedTuple):
    """value: of a varint, else 0. start, stop: where the content lies in the file."""

    number: int
    kind: int
    value: int
    start: int
    stop: int


def float_tensors(content: bytes) -> dict[str, StoredTensor]:
    """The initializers of float32 whose numbers lie together in the file, by name.

    Raises ValueError where the file is no such message, or two of them have one name.
    """
    tensors: dict[str, StoredTensor] = {}
    for graph in _messages(content, 0, len(content), GRAPH):
        for initializer in _messages(content, graph.start, graph.stop, INITIALIZER):
            name, tensor = _tensor(content, initializer)
            if tensor is None:
                continue
            if name in tensors:
                raise ValueError(f"there are two constants {name!r}")
            tensors[name] = tensor
    return tensors


def fields(content: bytes, start: int, stop: int) -> Iterator[Field]:
    """The fields of a message that lies in a part of a file. Raises ValueError where it is none."""
    while start < stop:
        key, start = _varint(content, start, stop)
        number, kind, value = key >> 3, key & 7, 0
        if kind == VARINT:
            value, end = _varint(content, start, stop)
        elif kind == LENGTH:
            size, start = _varint(content, start, stop)
            end = start + size
        elif kind in FIXED:
            end = start + FIXED[kind]
        else:
            raise ValueError(f"a field of the unknown kind {kind} at byte {start}")
        if end > stop:
            raise ValueError(f"the field at byte {start} does not end where it should")
        yield Field(number, kind, value, start, end)
        start = end


def _messages(content: bytes, start: int, stop: int, number: int) -> Iterator[Field]:
    for field in fields(content, start, stop):
        if field.number == number and field.kind == LENGTH:
            yield field


def _tensor(content: bytes, message: Field) -> tuple[str, StoredTensor | None]:
    """Name and place of a TensorProto; no place for other types, and numbers that lie apart or elsewhere."""
    name, data_type = "", 0
    shape: list[int] = []
    numbers: list[Field] = []
    for field in fields(content, message.start, message.stop):
        if field.number == DIMS:
            shape += _dims(content, field)
        elif field.number == DATA_TYPE:
            data_type = field.value
        elif field.number == NAME:
            name = content[field.start : field.stop].decode()
        elif field.number in (RAW_DATA, FLOAT_DATA):
            numbers.append(field)
    if data_type != FLOAT or len(numbers) != 1 or numbers[0].kind != LENGTH:
        return name, None
    ((_, _, _, start, stop),) = numbers
    if stop - start != LITTLE_ENDIAN.itemsize * math.prod(shape):
        raise ValueError(f"the constant {name!r} has not as many numbers as its shape says")
    return name, StoredTensor(tuple(shape), start)


def _dims(content: bytes, field: Field) -> Iterator[int]:
    """One dimension, or several packed together."""
    if field.kind == VARINT:
        yield field.value
        return
    start = field.start
    while start < field.stop:
        value, start = _varint(content, start, field.stop)
        yield value


def _varint(content: bytes, start: int, stop: int) -> tuple[int, int]:
    """A number in groups of 7 bits, the lowest first, and where it ends."""
    value = 0
    for place in range(start, min(start + LONGEST_VARINT, stop)):
        value |= (content[place] & 0x7F) << 7 * (place - start)
        if content[place] < 0x80:
            return value, place + 1
    raise ValueError(f"a number without an end at byte {start}")
