"""The least that answers on one image from cold: `python -m benchmarks.bare MODEL.xml CACHE IMAGE H W`.

Numpy, OpenCV and OpenVINO are imported, the compiled model is loaded from OpenVINO's own cache, and
one image is inferred on. No check of the model, the image or the answer, and no command line.
"""

import sys

import cv2
import numpy as np

sys.modules["openvino_telemetry"] = None  # as edgect does, or the import would call a server
import openvino as ov  # noqa: E402

model, cache, path, height, width = sys.argv[1:]
compiled = ov.Core().compile_model(model, "CPU", {"CACHE_DIR": cache, "PERFORMANCE_HINT": "LATENCY"})
pixels = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
image = cv2.resize(pixels, (int(width), int(height)), interpolation=cv2.INTER_AREA)
low, high = compiled({"image": image[None, None]})["logits"][0]
print(1 / (1 + np.exp(low - high)))
