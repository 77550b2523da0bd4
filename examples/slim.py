"""Take out of an installation what edgect does not use: /opt/edgect/bin/python examples/slim.py

For images that are to be small. Plugins of OpenVINO for GPU and NPU, its readers of formats that no bundle
has, headers, tests of numpy, tools of ONNX Runtime, and pip go; models, engines and all codecs stay. Run
`edgect doctor` after it. Whoever wants to install more gets pip back by `python -m ensurepip`.
"""

from __future__ import annotations

import shutil
import sys
import sysconfig
from pathlib import Path

UNUSED = (
    "openvino/libs/*intel_gpu_plugin*",
    "openvino/libs/*intel_npu_plugin*",
    "openvino/libs/cache.json",  # kernels of the GPU
    "openvino/libs/*_tensorflow*_frontend*",
    "openvino/libs/*_pytorch_frontend*",
    "openvino/libs/*_paddle_frontend*",
    "openvino/libs/*_jax_frontend*",
    "openvino/libs/*_gguf_frontend*",
    "openvino/include",
    "onnxruntime/transformers",
    "onnxruntime/quantization",
    "onnxruntime/tools",
    "numpy/tests",
    "numpy/*/tests",
    "numpy/_core/include",
    "pip",
    "pip-*.dist-info",
    "setuptools",  # which Python 3.11 puts into a new environment
    "setuptools-*.dist-info",
    "pkg_resources",
    "_distutils_hack",
    "distutils-precedence.pth",
)


def slim(packages: Path) -> int:
    """Remove what is unused below `packages` (site-packages); returns its bytes."""
    removed = 0
    for pattern in UNUSED:
        for path in sorted(packages.glob(pattern)):
            files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
            removed += sum(file.stat().st_size for file in files)
            path.unlink() if path.is_file() else shutil.rmtree(path)
    return removed


if __name__ == "__main__":
    if sys.prefix == sys.base_prefix:
        sys.exit("this Python is not of a virtual environment: nothing was removed")
    print(f"{slim(Path(sysconfig.get_path('purelib'))) / 1e6:.0f} MB removed")
