"""Where the float32 constants of an OpenVINO IR lie in its file of weights."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from xml.etree import ElementTree

from edgect.model.bundles.stored_tensors import StoredTensor

FLOAT = "f32"

Key = tuple[str, tuple[int, ...]]


def float_constants(xml: bytes) -> dict[Key, StoredTensor]:
    """The constants by type of the layer that takes them and shape; those that are alone in both.

    Constants that several layers take are left out, and those whose bytes are another's too, which
    OpenVINO writes for equal ones. Raises ValueError where the file is no IR.
    """
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError as error:
        raise ValueError(f"it is no XML: {error}") from error
    types = {layer.get("id"): layer.get("type", "") for layer in root.iterfind("layers/layer")}
    takers: dict[str | None, list[str]] = defaultdict(list)
    for edge in root.iterfind("edges/edge"):
        takers[edge.get("from-layer")].append(types.get(edge.get("to-layer"), ""))
    by_key: dict[Key, list[StoredTensor]] = defaultdict(list)
    spans = [
        (int(data.get("offset", "")), int(data.get("offset", "")) + int(data.get("size", "")))
        for _, data in _constants(root)
    ]
    for layer, data in _constants(root):
        if data.get("element_type") != FLOAT or len(takers[layer.get("id")]) != 1:
            continue
        shape = tuple(int(side) for side in data.get("shape", "").split(",") if side.strip())
        tensor = StoredTensor(shape, int(data.get("offset", "")))
        if sum(start < tensor.stop and tensor.start < stop for start, stop in spans) == 1:
            by_key[takers[layer.get("id")][0], shape].append(tensor)
    return {key: tensors[0] for key, tensors in by_key.items() if len(tensors) == 1}


def _constants(root: ElementTree.Element) -> Iterator[tuple[ElementTree.Element, ElementTree.Element]]:
    """Every constant's layer, with its data."""
    for layer in root.iterfind("layers/layer[@type='Const']"):
        data = layer.find("data")
        if data is not None:
            yield layer, data
