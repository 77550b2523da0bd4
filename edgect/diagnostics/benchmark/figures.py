"""From the measurements of all turns to the figures of an engine, and INT8 compared with FP32."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from edgect.diagnostics.benchmark.candidate import Latency, Name
from edgect.diagnostics.benchmark.fresh import Process
from edgect.diagnostics.benchmark.report import Comparison, Figures
from edgect.model.backends import Engine
from edgect.rows.prediction import Prediction


@dataclass(frozen=True)
class Measurements:
    """Of all turns of one engine: lists by round; passes: slices a second."""

    latencies: list[list[Latency]]
    passes: list[float]
    first_start: Process
    starts: list[Process]
    whole: Process


def figures(engine: Engine, measurements: Measurements, pass_slices: int) -> Figures:
    """Medians and percentiles, rounded to what can be told apart."""
    calls = [call for turn in measurements.latencies for call in turn]
    network = np.percentile([call.network for call in calls], [50, 95]) * 1000
    answer = np.percentile([call.answer for call in calls], [50, 95]) * 1000
    peaks = [start.peak_mb for start in measurements.starts if start.peak_mb is not None]
    whole = measurements.whole.peak_mb
    return Figures(
        backend=engine.backend,
        precision=engine.precision,
        version=engine.version,
        threads=engine.threads,
        network_p50_ms=round(float(network[0]), 3),
        network_p95_ms=round(float(network[1]), 3),
        answer_p50_ms=round(float(answer[0]), 3),
        answer_p95_ms=round(float(answer[1]), 3),
        calls=len(calls),
        slices_per_second=round(median(measurements.passes), 2),
        passes=len(measurements.passes),
        pass_slices=pass_slices,
        start_s=round(median(start.seconds for start in measurements.starts), 3),
        starts=len(measurements.starts),
        first_start_s=round(measurements.first_start.seconds, 3),
        peak_mb=round(median(peaks), 1) if peaks else None,
        folder_peak_mb=None if whole is None else round(whole, 1),
    )


def compare_precisions(
    engines: Sequence[Figures], predictions: Mapping[Name, Sequence[Prediction]]
) -> list[Comparison]:
    """A comparison for every backend that was measured with both precisions."""
    by_name = {(f.backend, f.precision): f for f in engines}
    comparisons = []
    for backend in dict.fromkeys(f.backend for f in engines):
        int8, fp32 = by_name.get((backend, "int8")), by_name.get((backend, "fp32"))
        if int8 is None or fp32 is None:
            continue
        pairs = [
            (a, b)
            for a, b in zip(predictions[backend, "int8"], predictions[backend, "fp32"], strict=True)
            if a.probability is not None and b.probability is not None
        ]
        comparisons.append(
            Comparison(
                backend=backend,
                network=round(fp32.network_p50_ms / int8.network_p50_ms, 2),
                answer=round(fp32.answer_p50_ms / int8.answer_p50_ms, 2),
                folder=round(int8.slices_per_second / fp32.slices_per_second, 2),
                start=round(fp32.start_s / int8.start_s, 2),
                slices=len(pairs),
                same_label=sum(a.label == b.label for a, b in pairs),
                largest_difference=round(max(_difference(a, b) for a, b in pairs), 6),
            )
        )
    return comparisons


def _difference(a: Prediction, b: Prediction) -> float:
    assert a.probability is not None
    assert b.probability is not None
    return abs(a.probability - b.probability)
