"""OpenVINO on the CPU: INT8 as IR, FP32 straight from ONNX, either kept compiled between runs.

A stream is a compiled model of its own with one thread, which is the caller's: the streams that OpenVINO
offers compute in threads of their own, and every scan would be handed over to one and back.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Mapping
from functools import partial
from queue import Empty, SimpleQueue
from threading import Lock
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgect.errors import EngineError
from edgect.machine import compiled_models as cache
from edgect.machine.processor import available_cores, identity, instruction_sets
from edgect.model.backends import Engine, Outputs, Precision, one_line, topology
from edgect.model.backends.forked import ProcessBound, at_work
from edgect.model.bundles.bundle import Bundle

if TYPE_CHECKING:
    import openvino as ov

TELEMETRY = "openvino_telemetry"


def files(precision: Precision) -> tuple[str, ...]:
    return ("int8.xml", "int8.bin") if precision == "int8" else ("fp32.onnx",)


def settings(threads: int, streams: int = 1) -> dict[str, str]:
    """Engine options of one model, which is a stream's with its share of `threads`.

    Precision is pinned to f32 for everything that is not quantized: on CPUs with AVX512-BF16
    or AMX, OpenVINO would otherwise compute it in bfloat16, and results would differ by machine.
    Threads are not pinned to cores: others decode while one infers, and other programs run too.
    """
    return {
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": "1",
        "INFERENCE_NUM_THREADS": str(threads // streams),
        "INFERENCE_PRECISION_HINT": "f32",
        "ENABLE_CPU_PINNING": "NO",
    }


def cache_key(
    bundle: str, precision: Precision, version: str, options: Mapping[str, str], processor: Mapping[str, str]
) -> str:
    """All that a compiled model hangs on. bundle: its digest."""
    return json.dumps(
        ["openvino", version, bundle, precision, dict(options), dict(processor)], sort_keys=True
    )


def load(bundle: Bundle, precision: Precision, threads: int, streams: int) -> OpenVINOSession:
    topology.check()
    ov = _import_without_telemetry()
    streams = min(streams, available_cores())
    options = settings(threads, streams)
    try:
        core = ov.Core()
        name = str(core.get_property("CPU", "FULL_DEVICE_NAME"))
        capabilities = sorted(core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"))
    except Exception as error:  # the engine's exceptions have no common type
        raise EngineError(f"OpenVINO {ov.__version__} cannot use the CPU: {one_line(error)}") from error
    processor = {**identity(), "name": name, "can": ", ".join(capabilities)}
    key = cache_key(bundle.digest, precision, ov.__version__, options, processor)
    content = cache.load(key)
    compiled = None if content is None else _imported(core, content, options)
    if compiled is None:
        compiled = _compile(core, bundle, precision, options)
        content = _exported(compiled)
        if content is not None:
            cache.store(key, content)
    used = streams * int(compiled.get_property("INFERENCE_NUM_THREADS"))
    engine = Engine("openvino", ov.__version__.split("-")[0], precision, used)
    if content is None:  # of which there can be no second
        return OpenVINOSession(compiled, engine, 1)
    return OpenVINOSession(compiled, engine, streams, partial(_imported, core, content, options))


def _import_without_telemetry() -> ModuleType:
    """The package openvino, kept from openvino_telemetry, by which it would send a usage event on import.

    Where somebody else imported that package before, they find it again.
    """
    loaded_before = sys.modules.get(TELEMETRY)
    sys.modules[TELEMETRY] = None  # type: ignore[assignment]
    try:
        import openvino
    finally:
        if loaded_before is not None:
            sys.modules[TELEMETRY] = loaded_before
    return openvino  # type: ignore[no-any-return]


def _imported(core: ov.Core, content: bytes, options: Mapping[str, str]) -> ov.CompiledModel | None:
    """None where it was compiled by something that only seemed to be the same."""
    try:
        return core.import_model(io.BytesIO(content), "CPU", dict(options))
    except Exception:
        return None


def _exported(compiled: ov.CompiledModel) -> bytes | None:
    content = io.BytesIO()
    try:
        compiled.export_model(content)
    except Exception:  # a model that cannot be kept can be used
        return None
    return content.getvalue()


def _compile(
    core: ov.Core, bundle: Bundle, precision: Precision, options: Mapping[str, str]
) -> ov.CompiledModel:
    contents = [bundle.read(name) for name in files(precision)]
    try:
        if precision == "int8":
            model = core.read_model(model=contents[0], weights=contents[1])
        else:
            model = core.read_model(model=io.BytesIO(contents[0]))
        model.reshape([1, *bundle.manifest.input.shape])
        return core.compile_model(model, "CPU", dict(options))
    except Exception as error:
        version = core.get_versions("CPU")["CPU"].build_number
        raise EngineError(
            f"OpenVINO {version} cannot load {bundle.path}: {one_line(error)}{_advice(precision)}"
        ) from error


def _advice(precision: Precision) -> str:
    """What to do on ARM64 without integer dot products, where 2026.4 cannot compile INT8."""
    if precision == "fp32" or {"NEON", "NEON dot product"} & set(instruction_sets() or ()) != {"NEON"}:
        return ""
    return " (it has no INT8 on ARM64 without dot products; use backend onnxruntime, or precision fp32)"


class OpenVINOSession(ProcessBound):
    """Compiled models of batch 1, of which all but the first are made when they are needed.

    compiled: the first. another: gives one more, or None where it cannot; for more streams than one.
    """

    def __init__(
        self,
        compiled: ov.CompiledModel,
        engine: Engine,
        streams: int,
        another: Callable[[], ov.CompiledModel | None] = lambda: None,
    ) -> None:
        super().__init__()
        self.engine = engine
        self.streams = streams
        # OpenVINO makes its table of data types at first use, and gives the interpreter away meanwhile:
        # two threads that come to it at once wait for each other for ever, so it is made here
        compiled.inputs[0].get_element_type().to_dtype()
        self._idle: SimpleQueue[ov.InferRequest] = SimpleQueue()
        self._idle.put(compiled.create_infer_request())
        self._another, self._missing, self._making = another, streams - 1, Lock()

    def infer(self, images: NDArray[np.uint8]) -> Outputs:
        """uint8 `[N, 1, H, W]` to Outputs, one image at a time. Raises EngineError."""
        self.check_process()
        with at_work():
            request = self._request()
            try:
                results = [_infer_one(request, image[np.newaxis]) for image in images]
            except RuntimeError as error:
                raise EngineError(f"OpenVINO {self.engine.version} failed: {one_line(error)}") from error
            finally:
                self._idle.put(request)
        return Outputs(*(np.concatenate(parts) for parts in zip(*results, strict=True)))

    def _request(self) -> ov.InferRequest:
        """One that is idle; of a further model where there is none, and not all are made."""
        try:
            return self._idle.get_nowait()
        except Empty:
            pass
        if self._missing and self._making.acquire(blocking=False):  # else one is soon idle
            try:
                if self._missing:
                    return self._next_model().create_infer_request()
            finally:
                self._making.release()
        return self._idle.get()

    def _next_model(self) -> ov.CompiledModel:
        if (compiled := self._another()) is None:
            raise EngineError(f"OpenVINO {self.engine.version} cannot load its model once more")
        self._missing -= 1
        return compiled


def _infer_one(request: ov.InferRequest, image: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    result = request.infer({"image": image}, share_inputs=True, share_outputs=True)
    return [np.array(result[name]) for name in Outputs._fields]
