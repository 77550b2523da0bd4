"""The backends that there are. A new one is its file in `backends/` and a line here.

It imports nothing: the command line and `edgect doctor` need the names where an engine or numpy is missing.
"""

from __future__ import annotations

# By name, which is that of the file: the package to install. The default stands first.
PACKAGES = {
    "openvino": "openvino",
    "onnxruntime": "onnxruntime",
}
BACKENDS = tuple(PACKAGES)
DEFAULT_BACKEND = BACKENDS[0]
AUTO = "auto"  # the one that is faster here
