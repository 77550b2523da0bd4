"""What to keep in mind about the figures of one run."""

from __future__ import annotations

from collections.abc import Sequence

from edgect.diagnostics.benchmark.report import Figures, Slices
from edgect.diagnostics.machine import Machine

UNSTEADY = 2.0  # 95th percentile over median; a network always has the same work to do


def notes(machine: Machine, slices: Slices, engines: Sequence[Figures]) -> list[str]:
    """Sentences; none where nothing needs saying."""
    sentences = []
    if slices.source == "invented":
        sentences.append(
            "The slices were invented by edgect: agreement on them says little. Give real scans as PATH."
        )
    if slices.unanswered:
        sentences.append(f"Left out: {slices.unanswered} rows without an answer; edgect classify says why.")
    if any(f.network_p95_ms > UNSTEADY * f.network_p50_ms for f in engines):
        sentences.append(
            "The machine seems busy: p95 is more than twice p50. Close other programs and measure again."
        )
    if machine.caps:
        caps = ", ".join(f"{name}={value}" for name, value in machine.caps.items())
        sentences.append(f"Engines may use less of the CPU than it has: {caps} in the environment.")
    if any(f.peak_mb is None for f in engines):
        sentences.append(
            "Memory is left out: this system does not tell the peak of a process that has ended."
        )
    return sentences
