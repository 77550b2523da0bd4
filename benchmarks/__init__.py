"""How fast and how faithful: latency, INT8 against FP32, and the ratios between engines."""
