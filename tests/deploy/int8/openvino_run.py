"""`python -m tests.deploy.int8.openvino_run MODEL IMAGES OUTPUTS`: what OpenVINO answers in this process."""

from __future__ import annotations

import sys

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from edgect.model.backends import Outputs
from tests.deploy.models import primitives


def infer(model: ov.Model, images: NDArray[np.uint8]) -> dict[str, NDArray]:
    """Outputs by name for uint8 `[n, H, W]`, and `primitives`, the names of what computed convolutions."""
    options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": "1"}
    compiled = ov.Core().compile_model(model, "CPU", options)
    answers = [compiled({"image": image[None, None]}) for image in images]
    outputs = {name: np.concatenate([answer[name] for answer in answers]) for name in Outputs._fields}
    return {**outputs, "primitives": np.array(primitives(compiled, "Convolution"))}


if __name__ == "__main__":
    model, images, outputs = sys.argv[1:]
    np.savez(outputs, **infer(ov.Core().read_model(model), np.load(images)))
