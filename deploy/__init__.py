"""Makes a bundle from a network: ONNX, static INT8 for two engines, verification, manifest."""

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # ONNX Runtime would send usage events
