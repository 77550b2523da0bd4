"""Makes a bundle from a network: ONNX, static INT8 for two engines, verification, manifest."""
