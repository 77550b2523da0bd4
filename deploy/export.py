"""From torch to ONNX, checked against torch."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from edgect.errors import ModelError
from edgect.model.backends import Outputs
from train.networks.elu import Elu
from train.networks.fire import Fire
from train.networks.light_cnn import LightCNN, Upsample

OPSET = 18
TOLERANCE = 1e-3  # of logits and cam, whose size is about 1 to 10; float32 sums in another order


class ExportError(ModelError):
    """The exported model does not answer as torch does."""


def export(network: LightCNN, size: tuple[int, int], path: Path) -> None:
    """Write FP32 ONNX by the network contract, batch size free, batch normalisation folded in.

    size: (height, width) of the input in pixels.
    """
    images = torch.zeros(2, 1, *size, dtype=torch.uint8)
    program = torch.onnx.export(
        inference_form(network),
        (images,),
        input_names=["image"],
        output_names=list(Outputs._fields),
        dynamic_shapes={"image": {0: torch.export.Dim("N", min=1)}},
        opset_version=OPSET,
        dynamo=True,
        optimize=True,
        verbose=False,
    )
    assert program is not None
    model = program.model_proto
    for node in model.graph.node:  # the exporter's source positions: paths of this machine
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    del model.metadata_props[:]
    model.graph.ClearField("value_info")
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def max_difference(network: LightCNN, path: Path, images: NDArray[np.uint8]) -> dict[str, float]:
    """Largest absolute difference of each output between torch and ONNX Runtime, in FP32.

    images: uint8 `[n, H, W]`. Raises ExportError where one exceeds `TOLERANCE`.
    """
    session = ort.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    outputs = session.run(list(Outputs._fields), {"image": images[:, None]})
    with torch.inference_mode():
        expected = network.eval()(torch.from_numpy(images[:, None]))
    differences = {
        name: float(np.abs(onnx_output - torch_output.numpy()).max())
        for name, onnx_output, torch_output in zip(Outputs._fields, outputs, expected, strict=True)
    }
    if max(differences.values()) > TOLERANCE:
        raise ExportError(f"{path} differs from torch by {differences}, over {TOLERANCE}")
    return differences


def inference_form(network: LightCNN) -> LightCNN:
    """A copy that computes the same with what needs no training folded into convolutions."""
    plain = copy.deepcopy(network).eval()
    for module in plain.modules():
        if isinstance(module, Fire) and isinstance(module.norm, nn.BatchNorm2d):
            module.squeeze = fuse_conv_bn_eval(module.squeeze, module.norm)
            module.norm = nn.Identity()
        for name, child in module.named_children():
            if isinstance(child, Elu):
                module.add_module(name, nn.ELU())
    plain.add_module("upsample", _as_convolution(plain.upsample))
    return plain


def _as_convolution(upsample: Upsample) -> nn.Sequential:
    weight, bias = upsample.as_convolution()
    out, channels = weight.shape[:2]
    convolution = nn.Conv2d(channels * upsample.groups, out, 1, groups=upsample.groups)
    convolution.load_state_dict({"weight": weight, "bias": bias})
    return nn.Sequential(convolution, nn.PixelShuffle(upsample.stride[0])).eval()
