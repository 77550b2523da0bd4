"""What is loaded when: the command line starts light, and the runtime never touches what trains."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edgect.model.backends import BACKENDS, DEFAULT_BACKEND


def loaded_after(program: str, *arguments: str) -> set[str]:
    show = "\nimport sys; print(*[name for name in sys.modules if sys.modules[name]])"
    line = [sys.executable, "-c", program + show, *arguments]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_command_line_starts_light() -> None:
    loaded = loaded_after("import edgect.cli")
    assert "edgect" in loaded
    heavy = {"torch", "onnx", "openvino", "onnxruntime", "numpy", "cv2", "PIL", "train", "deploy", "nncf"}
    assert not loaded & heavy


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_classification_loads_its_engine_and_nothing_that_trains(backend: str, scan: Path) -> None:
    program = (
        "import sys; from edgect import Classifier\n"
        "found = Classifier(backend=sys.argv[1]).predict(sys.argv[2], evidence=True)\n"
        "assert found.status == 'ok'"
    )
    loaded = loaded_after(program, backend, str(scan))
    assert backend in loaded
    assert not loaded & {"torch", "torchvision", "onnx", "onnxscript", "nncf", "train", "deploy"}
    assert not loaded & (set(BACKENDS) - {backend})


def test_a_usual_scan_is_classified_without_what_is_slow_to_load(scan: Path) -> None:
    program = (
        "import sys; from edgect.cli import main; main(['classify', sys.argv[1]], standalone_mode=False)"
    )
    loaded = loaded_after(program, str(scan))
    assert {"cv2", "numpy", DEFAULT_BACKEND} <= loaded
    assert not loaded & {"PIL", "asyncio", "distributed", "pydicom", "matplotlib", "importlib.metadata"}
