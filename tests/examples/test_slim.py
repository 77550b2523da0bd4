"""What is taken out of a small image, and that nothing else is."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

FILE = Path(__file__).parents[2] / "examples/slim.py"
UNUSED = {
    "openvino/libs/libopenvino_intel_gpu_plugin.so": 3,
    "openvino/libs/libopenvino_tensorflow_lite_frontend.so.2641": 4,
    "openvino/include/openvino/core/core.hpp": 5,
    "numpy/linalg/tests/test_linalg.py": 6,
    "onnxruntime/tools/check.py": 7,
    "pip/__init__.py": 8,
    "setuptools/__init__.py": 9,
    "distutils-precedence.pth": 10,
}
USED = (
    "openvino/libs/libopenvino_intel_cpu_plugin.so",
    "openvino/libs/libopenvino_onnx_frontend.so.2641",
    "openvino/libs/libopenvino_ir_frontend.so.2641",
    "numpy/testing/__init__.py",
    "onnxruntime/capi/onnxruntime_pybind11_state.so",
    "edgect/model/bundles/lungs/int8.bin",
)


def test_it_removes_what_is_unused_and_says_how_much(tmp_path: Path) -> None:
    for name, size in {**UNUSED, **dict.fromkeys(USED, 1)}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * size)
    spec = spec_from_file_location("slim", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.slim(tmp_path) == sum(UNUSED.values())
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == set(USED)
    assert module.slim(tmp_path) == 0
