"""OpenVINO on the CPU: INT8 as IR, FP32 straight from ONNX."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgect.backends import Engine, Outputs, Precision, one_line
from edgect.bundle import Bundle
from edgect.errors import EngineError

if TYPE_CHECKING:
    import openvino as ov

PACKAGE = "openvino"


def files(precision: Precision) -> tuple[str, ...]:
    return ("int8.xml", "int8.bin") if precision == "int8" else ("fp32.onnx",)


def settings(threads: int) -> dict[str, str]:
    """Engine options for one scan at a time.

    Precision is pinned to f32 for everything that is not quantized: on CPUs with AVX512-BF16
    or AMX, OpenVINO would otherwise compute it in bfloat16, and answers would differ by machine.
    """
    return {
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": "1",
        "INFERENCE_NUM_THREADS": str(threads),
        "INFERENCE_PRECISION_HINT": "f32",
    }


def load(bundle: Bundle, precision: Precision, threads: int) -> OpenVINOSession:
    # openvino sends a usage event through this package on import; without it, it has a silent stub
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino as ov

    contents = [bundle.read(name) for name in files(precision)]
    try:
        core = ov.Core()
        if precision == "int8":
            model = core.read_model(model=contents[0], weights=contents[1])
        else:
            model = core.read_model(model=io.BytesIO(contents[0]))
        model.reshape([1, *bundle.manifest["input"]["shape"]])
        compiled = core.compile_model(model, "CPU", settings(threads))
    except Exception as error:  # the engine's exceptions have no common type
        raise EngineError(
            f"OpenVINO {ov.__version__} cannot load {bundle.path}: {one_line(error)}"
        ) from error
    used = int(compiled.get_property("INFERENCE_NUM_THREADS"))
    return OpenVINOSession(compiled, Engine("openvino", ov.__version__.split("-")[0], precision, used))


class OpenVINOSession:
    """A compiled model of batch 1."""

    def __init__(self, compiled: ov.CompiledModel, engine: Engine) -> None:
        self.engine = engine
        self._request = compiled.create_infer_request()

    def infer(self, images: NDArray[np.uint8]) -> Outputs:
        """uint8 `[N, 1, H, W]` to Outputs, one image at a time. Raises EngineError."""
        try:
            answers = [self._infer_one(image[np.newaxis]) for image in images]
        except RuntimeError as error:
            raise EngineError(f"OpenVINO {self.engine.version} failed: {one_line(error)}") from error
        return Outputs(*(np.concatenate(parts) for parts in zip(*answers, strict=True)))

    def _infer_one(self, image: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        result = self._request.infer({"image": image})
        return [np.array(result[name]) for name in Outputs._fields]
