"""The topics of the benchmark, in the order of the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.figures import Section
from benchmarks.harness.options import Options
from benchmarks.topics import auto, cold, dicom, folder, layers, memory, others, parity, peak, speed, stages

Measure = Callable[[Options], Sequence[Section]]

TOPICS: dict[str, Measure] = {
    "parity": parity.measure_parity,
    "speed": speed.measure_speed,
    "peak": peak.measure_share_of_peak,
    "layers": layers.measure_layers,
    "stages": stages.measure_stages,
    "folder": folder.measure_folder,
    "auto": auto.measure_auto,
    "dicom": dicom.measure_dicom,
    "cold": cold.measure_cold_starts,
    "memory": memory.measure_memory,
    "others": others.measure_other_networks,
}
