"""The measurements, as data whose names stay: this is the JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from edgect.diagnostics.machine import Machine

SCHEMA = 1
NOTICE = (
    "Research use only. Speed, and agreement of INT8 with FP32, say nothing of whether answers are right."
)


@dataclass(frozen=True)
class Slices:
    """What was measured on. source: `invented` by edgect, or `given` by the user.

    files: that were found. answered: slices that every engine answered on, all figures are of
    these. unanswered: slices or files that got no answer.
    """

    source: str
    files: int
    answered: int
    unanswered: int


@dataclass(frozen=True)
class Figures:
    """What one backend takes with one precision. Times are medians (p50) and 95th percentiles (p95).

    version: the engine's. threads: as the engine reports them.
    network: the network alone, batch 1. answer: from a file to its answer: read, decode,
    pre-process, network. calls: how often each of the two was timed.
    slices_per_second: of a folder, median; passes: over `pass_slices` slices each.
    start_s: a fresh process of `edgect classify` for one slice, from its start to its end, with its
    compiled model in the cache; median of `starts`. first_start_s: the one that found the cache
    empty, as after an installation; the system had read the program before.
    peak_mb: resident memory of such a process at most, in 10^6 bytes, and folder_peak_mb: of one
    for all files; None on Windows, which does not tell.
    """

    backend: str
    precision: str
    version: str
    threads: int
    network_p50_ms: float
    network_p95_ms: float
    answer_p50_ms: float
    answer_p95_ms: float
    calls: int
    slices_per_second: float
    passes: int
    pass_slices: int
    start_s: float
    starts: int
    first_start_s: float
    peak_mb: float | None
    folder_peak_mb: float | None


@dataclass(frozen=True)
class Comparison:
    """INT8 compared with FP32 on one backend; FP32 is computed in 32 bits, on every CPU.

    network, answer, folder, start: how many times as fast INT8 is; start: the cache filled.
    same_label: of `slices`, how many got the same label. largest_difference: of a slice's two
    probabilities of COVID-19, 0 to 1.
    """

    backend: str
    network: float
    answer: float
    folder: float
    start: float
    slices: int
    same_label: int
    largest_difference: float


@dataclass(frozen=True)
class Unusable:
    """A backend that is not installed, or whose engine failed to load the model; reason: why."""

    backend: str
    reason: str


@dataclass(frozen=True)
class BenchmarkReport:
    """schema: 1; another number if a name goes or changes its meaning. date: ISO 8601, UTC.

    versions: of edgect, python, numpy, opencv, pillow. digest: SHA-256 of the bundle's manifest.
    threads: asked for; None for all cores. engines: in the order asked for.
    notes: what to keep in mind about these figures, a sentence each.
    """

    schema: int
    notice: str
    date: str
    machine: Machine
    versions: dict[str, str]
    model: str
    digest: str
    threads: int | None
    slices: Slices
    engines: list[Figures]
    int8_to_fp32: list[Comparison]
    unusable: list[Unusable]
    notes: list[str]

    def to_json(self) -> str:
        """One object of these names, nested as here."""
        return json.dumps(asdict(self), indent=2) + "\n"
