"""The INT8 files of a bundle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import openvino as ov
from numpy.typing import NDArray

from deploy.int8 import distil, form, onnxruntime, openvino, rounding
from train.networks.light_cnn import LightCNN

Images = NDArray[np.uint8]
STATE = "distilling.pt"
INT8 = {"onnxruntime": ("int8.onnx",), "openvino": ("int8.xml", "int8.bin")}


def write(
    network: LightCNN,
    bundle: Path,
    calibration: Images,
    training: Images,
    settings: distil.DistillationSettings,
) -> None:
    """Write int8.onnx and int8.xml with int8.bin, beside fp32.onnx.

    calibration, training: slices of the training part, uint8 `[n, H, W]`. On the first, ranges are
    observed and weights rounded; on the second, biases are trained. A training that was interrupted
    goes on from the file `STATE`, which is left to the caller to remove.
    """
    head, convs = form.head(network), form.convolutions(network)
    start, scheme = rounding.round_weights(convs, calibration)
    trained = distil.distil(convs, start, scheme, head, training, settings, bundle / STATE)
    size = (calibration.shape[1], calibration.shape[2])
    onnx.save(onnxruntime.model(trained, scheme, head, size), bundle / "int8.onnx")
    model = openvino.model(trained, scheme, head, size)
    ov.save_model(model, bundle / "int8.xml", compress_to_fp16=False)


def remove(bundle: Path, backend: str) -> None:
    """Take an engine's INT8 files out."""
    for name in INT8[backend]:
        (bundle / name).unlink()
