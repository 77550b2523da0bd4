"""The backends that there are. A new one is its file in `backends/` and a line here.

It imports nothing that could fail: the command line and `edgect doctor` need the names where an engine or
numpy is missing.
"""

from __future__ import annotations

import os
import sys

# By name, which is that of the file: the package to install, and of the extra that brings it.
PACKAGES = {
    "openvino": "openvino",
    "onnxruntime": "onnxruntime",
}
BACKENDS = tuple(PACKAGES)
AUTO = "auto"  # the one that is faster here


def default_backend(system: str, machine: str) -> str:
    """The one that is installed with edgect, by markers in pyproject.toml, and used unless another is named.

    OpenVINO has no INT8 for ARM64 without dot products, such as that of a Raspberry Pi 3 or 4.

    system: as `sys.platform` names it. machine: as `platform.machine()` does.
    """
    return "onnxruntime" if (system, machine) == ("linux", "aarch64") else "openvino"


DEFAULT_BACKEND = default_backend(sys.platform, os.uname().machine if sys.platform == "linux" else "")
DEFAULT_WORDS = "openvino; on ARM64 Linux onnxruntime"  # the default of every platform
