"""The networks that others would pick, made ready for both engines in FP32 and INT8.

Weights are random: only time and size are asked for. Made once and kept in a folder, since it takes
a minute or two.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.harness.progress import step
from benchmarks.harness.slices import EXAMPLES
from edgect.scans import read_slice

SIDES = {"squeezenet1_1": 224, "resnet18": 224, "resnet50": 224, "inception_v3": 299}  # torchvision's inputs
NAMES = {
    "squeezenet1_1": "SqueezeNet 1.1",
    "resnet18": "ResNet-18",
    "resnet50": "ResNet-50",
    "inception_v3": "Inception v3",
}
MEAN = np.array([0.485, 0.456, 0.406], np.float32)[:, None, None]  # ImageNet's, as torchvision has them
STD = np.array([0.229, 0.224, 0.225], np.float32)[:, None, None]
FILES = {"fp32.onnx", "int8.onnx", "int8.xml", "int8.bin"}
Images = NDArray[np.float32]


@dataclass(frozen=True)
class OtherNetwork:
    """files: folder of fp32.onnx, int8.onnx, int8.xml and int8.bin. images: float32 `[n, 3, H, W]`."""

    name: str
    files: Path
    images: Images


def prepared(work: Path) -> Iterator[OtherNetwork]:
    """Every network, made anew where `work` lacks it."""
    for architecture, side in SIDES.items():
        folder, images = work / f"other-{architecture}", _images(side)
        if not all((folder / name).exists() for name in FILES):
            step(f"others: making {NAMES[architecture]}")
            _prepare(architecture, images, folder)
        yield OtherNetwork(NAMES[architecture], folder, images)


def _images(side: int) -> Images:
    """The example scans as such networks want them: three equal channels, normalised."""
    scans = [cv2.resize(read_slice(path), (side, side)) for path in sorted(EXAMPLES.iterdir())]
    channels = np.stack(scans)[:, None].repeat(3, axis=1).astype(np.float32) / 255
    return np.ascontiguousarray((channels - MEAN) / STD)


def _prepare(architecture: str, images: Images, folder: Path) -> None:
    import nncf
    import openvino as ov
    import torch
    import torchvision
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    nncf.set_log_level(logging.ERROR)
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    more = {"aux_logits": False, "init_weights": False} if architecture == "inception_v3" else {}
    build: Callable[..., torch.nn.Module] = getattr(torchvision.models, architecture)
    network = build(weights=None, num_classes=2, **more).eval()
    fp32 = folder / "fp32.onnx"
    program = torch.onnx.export(
        network,
        (torch.from_numpy(images[:1]),),
        input_names=["image"],
        output_names=["logits"],
        dynamo=True,
        verbose=False,
    )
    assert program is not None
    program.save(str(fp32), external_data=False)
    quant_pre_process(fp32, folder / "prepared.part")
    quantize_static(
        folder / "prepared.part",
        folder / "int8.onnx",
        _Reader(images),
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        per_channel=True,
    )
    (folder / "prepared.part").unlink()
    dataset = nncf.Dataset(list(images[:, None]), lambda image: {"image": image})
    quantized = nncf.quantize(ov.Core().read_model(fp32), dataset, subset_size=len(images))
    ov.save_model(quantized, folder / "int8.xml", compress_to_fp16=False)


class _Reader:
    """Calibration images, as ONNX Runtime asks for them."""

    def __init__(self, images: Images) -> None:
        self._images = iter(images)

    def get_next(self) -> dict[str, Any] | None:
        image = next(self._images, None)
        return None if image is None else {"image": image[None]}
