"""ONNX Runtime on the CPU: INT8 as integer operators, FP32 from the reference."""

from __future__ import annotations

import os
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgect.errors import EngineError
from edgect.model.backends import Engine, Outputs, Precision, one_line
from edgect.model.backends.forked import ProcessBound, at_work
from edgect.model.bundles.bundle import Bundle

if TYPE_CHECKING:
    import onnxruntime as ort

NO_TELEMETRY = "ORT_DISABLE_TELEMETRY"
PROVIDER = "CPUExecutionProvider"


def files(precision: Precision) -> tuple[str, ...]:
    return (f"{precision}.onnx",)


def settings(threads: int, streams: int = 1) -> dict[str, Any]:
    """Attributes of SessionOptions. A stream is a thread of the caller's, with its share of `threads`."""
    return {
        "intra_op_num_threads": threads // streams,
        "inter_op_num_threads": 1,
        "log_severity_level": 3,
    }


def load(bundle: Bundle, precision: Precision, threads: int, streams: int) -> OnnxRuntimeSession:
    ort = _import_without_telemetry()
    (content,) = (bundle.read(name) for name in files(precision))
    options = ort.SessionOptions()
    for name, value in settings(threads, streams).items():
        setattr(options, name, value)
    try:
        session = ort.InferenceSession(content, options, providers=[PROVIDER])
    except Exception as error:  # the engine's exceptions have no common type
        raise EngineError(
            f"ONNX Runtime {ort.__version__} cannot load {bundle.path}: {one_line(error)}"
        ) from error
    return OnnxRuntimeSession(session, Engine("onnxruntime", ort.__version__, precision, threads), streams)


def _import_without_telemetry() -> ModuleType:
    """The package onnxruntime, which from 1.29 on would send its maker events of every session.

    The variable is read once, when it is first imported in a process; where that was before, and on
    Windows, the function stops all but an event of the start.
    """
    os.environ[NO_TELEMETRY] = "1"
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    return onnxruntime  # type: ignore[no-any-return]


class OnnxRuntimeSession(ProcessBound):
    """An inference session."""

    def __init__(self, session: ort.InferenceSession, engine: Engine, streams: int) -> None:
        super().__init__()
        self.engine = engine
        self.streams = streams
        self._session = session

    def infer(self, images: NDArray[np.uint8]) -> Outputs:
        """uint8 `[N, 1, H, W]` to Outputs. Raises EngineError."""
        self.check_process()
        try:
            with at_work():
                return Outputs(*self._session.run(list(Outputs._fields), {"image": images}))
        except Exception as error:
            raise EngineError(f"ONNX Runtime {self.engine.version} failed: {one_line(error)}") from error
