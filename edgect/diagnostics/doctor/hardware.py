"""Processor and memory, and what they mean for edgect."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from edgect.diagnostics.doctor.report import Finding, Verdict
from edgect.diagnostics.machine import Machine
from edgect.machine import cgroups

FAST = {
    "AVX-VNNI",
    "AVX-512 VNNI",
    "AMX INT8",
    "NEON dot product",
    "I8MM",
}  # products of INT8 in one instruction
MEMORY = 300  # 10^6 bytes: benchmarks/RESULTS.md has at most 168 for a folder on two cores; and some room


def check_hardware(machine: Machine) -> Iterator[Finding]:
    """The processor, what it can do for INT8, how many cores there are and how much memory."""
    yield Finding("machine", "processor", "ok", machine.cpu)
    sets = machine.instruction_sets
    verdict, meaning = int8_support(sets, machine.architecture)
    message = f"{', '.join(sets)}: {meaning}" if sets else meaning
    yield Finding("machine", "instructions", verdict, message)
    for name, value in machine.caps.items():
        message = f"{name}={value} in the environment: engines may use less of the processor than it has"
        yield Finding("machine", "instructions", "note", message, f"unset {name}, unless it is meant")
    yield Finding("machine", "cores", "ok", _cores(machine))
    yield _memory()


def int8_support(sets: list[str] | None, architecture: str) -> tuple[Verdict, str]:
    """What instruction sets, named as in `Machine`, mean for INT8; None: the system does not tell."""
    if sets is None:
        return "ok", "the system does not tell; engines find out for themselves"
    if FAST & set(sets):
        return "ok", "INT8 at its best"
    if architecture.lower() in {"aarch64", "arm64"}:
        return "note", "no dot product: INT8 runs on onnxruntime alone, slower"
    if "AVX2" in sets:
        return "note", "no VNNI: INT8 runs, slower"
    if "SSE4.1" in sets:
        return "note", "no AVX2: both precisions run, much slower"
    return "note", "no SSE4.1: engines may not run at all"


def _cores(machine: Machine) -> str:
    usable, quota = f"{machine.cores} of {machine.cores_in_all} may be used", cgroups.cores()
    return usable if quota is None else f"{usable}; the CPU quota is {quota:.3g}"


def _memory() -> Finding:
    total, free = (None if size is None else round(size / 1e6) for size in _sizes())
    if total is None:
        return Finding("machine", "memory", "ok", "the system does not tell")
    if free is None:
        return Finding("machine", "memory", "ok", f"{total:,} MB")
    message = f"{free:,} of {total:,} MB are free"
    if free >= MEMORY:
        return Finding("machine", "memory", "ok", message)
    advice = "close other programs, or answer on one core: --threads 1"
    return Finding("machine", "memory", "note", f"{message}; a folder may take {MEMORY} MB", advice)


def _sizes() -> tuple[int | None, int | None]:
    """Bytes of memory in all, and free for programs, as the system or a container's limit tells."""
    total = free = None
    with suppress(OSError, ValueError, AttributeError):
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with suppress(OSError, ValueError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                free = int(line.split()[1]) * 1024
    if (limits := cgroups.memory()) is not None:
        limit, left = limits
        total = min(limit, total or limit)
        free = min(left, left if free is None else free)
    return total, free
