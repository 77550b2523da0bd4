"""Static INT8: QDQ ONNX for ONNX Runtime, and IR by NNCF's post-training quantization for OpenVINO.

Weights are quantized per output channel and in 7 of their 8 bits. On CPUs without VNNI the
engines sum pairs of 8-bit products in 16 bits, which saturate; with a bit to spare they cannot.

Three things stay in float. The classifier after the pool: it is two thousandths of the work,
and logits and heat map are read from it. The squeeze convolutions, a thirteenth of the work: what
they read, 64 to 512 channels under one scale, lost more to rounding than all else together. The
first convolution, where INT8 gained no time on OpenVINO and lost some on ONNX Runtime.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nncf
import numpy as np
import onnx
import onnxruntime as ort
import openvino as ov
from nncf.quantization.range_estimator import RangeEstimatorParametersSet
from numpy.typing import NDArray
from onnx import numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from openvino.opset13 import constant
from openvino.passes import ConstantFolding, Manager

from edgect.backends import Outputs

Images = NDArray[np.uint8]
Infer = Callable[[Images], NDArray[np.float32]]  # one input to its logits
ELU_FLOOR = -5.0  # ELU(-5) is -0.993, and -1 is the least it gives


def for_onnxruntime(fp32: Path, int8: Path, images: Images) -> None:
    """Write the static QDQ model. images: the calibration set, uint8 `[n, H, W]`."""
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(fp32, prepared, skip_symbolic_shape=True)
        model = onnx.load(prepared)
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
            op_types_to_quantize=["Conv"],
            nodes_to_exclude=in_float(model),
            extra_options={"TensorQuantOverrides": _ranges_before_elu(model, images)},
        )
    model = onnx.load(int8)
    (gemm,) = (node for node in model.graph.node if node.op_type == "Gemm")
    (bias,) = (tensor for tensor in model.graph.initializer if tensor.name == gemm.input[2])
    shift = mean_logits(onnxruntime_logits(fp32), images) - mean_logits(onnxruntime_logits(int8), images)
    bias.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(bias) + shift, bias.name))
    onnx.save(model, int8)


def _ranges_before_elu(model: onnx.ModelProto, images: Images) -> dict[str, list[dict[str, Any]]]:
    """Ranges of the quantized tensors that ELU reads: below `ELU_FLOOR` nothing needs telling apart."""
    left_out = set(in_float(model))
    made_by = {node.output[0]: node for node in model.graph.node}
    names = [node.input[0] for node in model.graph.node if node.op_type == "Elu"]
    names = [n for n in names if made_by[n].op_type == "Conv" and made_by[n].name not in left_out]
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    probe.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    session = ort.InferenceSession(probe.SerializeToString(), providers=["CPUExecutionProvider"])
    largest = np.max(
        [[t.max() for t in session.run(names, {"image": i[None, None]})] for i in images], axis=0
    )
    floor = np.float32(ELU_FLOOR)
    return {n: [{"rmin": floor, "rmax": np.float32(top)}] for n, top in zip(names, largest, strict=True)}


def for_openvino(fp32: Path, xml: Path, images: Images) -> None:
    """Write IR (`xml` and the .bin beside it). images: the calibration set, uint8 `[n, H, W]`."""
    model = ov.Core().read_model(fp32)
    passes = Manager()
    passes.register_pass(ConstantFolding())  # NNCF stores only weights that are plain constants in INT8
    passes.run_passes(model)
    left_out = in_float(onnx.load(fp32))
    left_out += [f"{name}/WithoutBiases" for name in left_out]  # OpenVINO's name for a convolution alone
    quantized = nncf.quantize(
        model,
        nncf.Dataset(list(images[:, None, None]), lambda image: {"image": image}),
        preset=nncf.QuantizationPreset.MIXED,  # ELU is not symmetric
        subset_size=len(images),
        ignored_scope=nncf.IgnoredScope(names=[*left_out, *Outputs._fields], validate=False),
        advanced_parameters=nncf.AdvancedQuantizationParameters(
            overflow_fix=nncf.OverflowFix.ENABLE,
            disable_bias_correction=True,  # the shift below did better on validation
            # the whole range: activations have long tails that matter, and clipping them cost more
            activations_range_estimator_params=RangeEstimatorParametersSet.MINMAX,
        ),
    )
    (logits,) = (node for node in quantized.get_results() if "logits" in node.output(0).get_names())
    add = logits.input_value(0).get_node()
    bias = add.input_value(1).get_node()
    shift = mean_logits(openvino_logits(model), images) - mean_logits(openvino_logits(quantized), images)
    add.input(1).replace_source_output(constant(bias.data + shift).output(0))
    ov.save_model(quantized, xml, compress_to_fp16=False)


def mean_logits(infer: Infer, images: Images) -> NDArray[np.float32]:
    """Mean logits over the calibration set, float32 `[2]`.

    Rounding moves every answer a little the same way; shifting the classifier's bias by the
    difference to FP32 takes that back (Nagel et al. 2019, section 4.2).
    """
    return np.concatenate([infer(image[None, None]) for image in images]).mean(0, dtype=np.float32)


def onnxruntime_logits(path: Path) -> Infer:
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda image: np.asarray(session.run(["logits"], {"image": image})[0])


def openvino_logits(model: ov.Model) -> Infer:
    compiled = ov.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return lambda image: np.array(compiled({"image": image})["logits"])


def in_float(model: onnx.ModelProto) -> list[str]:
    """Names of the nodes that are not quantized."""
    first = next(node.name for node in model.graph.node if node.op_type == "Conv")
    return [first, *float_nodes(model), *squeeze_nodes(model)]


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


def squeeze_nodes(model: onnx.ModelProto) -> list[str]:
    """Names of the squeeze convolutions, told by their weights."""
    return [n.name for n in model.graph.node if n.op_type == "Conv" and ".squeeze." in n.input[1]]


class _Reader(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, images: Images) -> None:
        self._images: Iterator[Images] = iter(images)

    def get_next(self) -> dict[str, Images] | None:
        image = next(self._images, None)
        return None if image is None else {"image": image[None, None]}
