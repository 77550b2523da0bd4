"""Static INT8: QDQ ONNX for ONNX Runtime, and IR by NNCF's post-training quantization for OpenVINO.

Both quantize weights per output channel and in 7 of their 8 bits. On CPUs without VNNI the
engines sum pairs of 8-bit products in 16 bits, which saturate; with a bit to spare they cannot,
so a bundle answers alike on old and new CPUs. The classifier after the pool stays in float: it is
a thousandth of the work, and logits and heat map are read from it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import nncf
import numpy as np
import onnx
import openvino as ov
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from openvino.passes import ConstantFolding, Manager

from edgect.backends import Outputs

Images = NDArray[np.uint8]


def for_onnxruntime(fp32: Path, int8: Path, images: Images) -> None:
    """Write the static QDQ model. images: the calibration set, uint8 `[n, H, W]`."""
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(fp32, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            int8,
            _Reader(images),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            calibrate_method=CalibrationMethod.MinMax,
            nodes_to_exclude=float_nodes(onnx.load(prepared)),
        )


def for_openvino(fp32: Path, xml: Path, images: Images) -> None:
    """Write IR (`xml` and the .bin beside it). images: the calibration set, uint8 `[n, H, W]`."""
    model = ov.Core().read_model(fp32)
    passes = Manager()
    passes.register_pass(ConstantFolding())  # NNCF stores only weights that are plain constants in INT8
    passes.run_passes(model)
    quantized = nncf.quantize(
        model,
        nncf.Dataset(list(images[:, None, None]), lambda image: {"image": image}),
        preset=nncf.QuantizationPreset.MIXED,  # ELU is not symmetric
        subset_size=len(images),
        fast_bias_correction=False,
        ignored_scope=nncf.IgnoredScope(
            names=[*float_nodes(onnx.load(fp32)), *Outputs._fields], validate=False
        ),
        advanced_parameters=nncf.AdvancedQuantizationParameters(overflow_fix=nncf.OverflowFix.ENABLE),
    )
    ov.save_model(quantized, xml, compress_to_fp16=False)


def float_nodes(model: onnx.ModelProto) -> list[str]:
    """Names of the nodes after the last activation: pool, classifier and heat map."""
    made_by = {name: node for node in model.graph.node for name in node.output}
    names: set[str] = set()
    open_ends = list(Outputs._fields)
    while open_ends:
        node = made_by.get(open_ends.pop())
        if node is None or node.op_type == "Elu" or node.name in names:
            continue
        names.add(node.name)
        open_ends.extend(node.input)
    return sorted(names)


class _Reader(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, images: Images) -> None:
        self._images: Iterator[Images] = iter(images)

    def get_next(self) -> dict[str, Images] | None:
        image = next(self._images, None)
        return None if image is None else {"image": image[None, None]}
