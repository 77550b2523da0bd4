"""How fast and how faithful: latency, INT8 against FP32, and the ratios between engines."""

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # ONNX Runtime would send usage events
