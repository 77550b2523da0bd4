"""The network in INT8: its form, its quantization scheme, distillation, and a writer for each engine."""
