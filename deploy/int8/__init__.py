"""The network in INT8: its form, what its numbers stand for, distillation, and a writer for each engine."""
