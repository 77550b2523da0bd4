"""The topics of the benchmark, in the order of the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.figures import Section
from benchmarks.harness.options import Options
from benchmarks.topics import cold, folder, layers, memory, others, parity, peak, speed

Measure = Callable[[Options], Sequence[Section]]

TOPICS: dict[str, Measure] = {
    "parity": parity.measure,
    "speed": speed.measure,
    "peak": peak.measure,
    "layers": layers.measure,
    "folder": folder.measure,
    "cold": cold.measure,
    "memory": memory.measure,
    "others": others.measure,
}
