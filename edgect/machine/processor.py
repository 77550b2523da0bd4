"""The processor as compiled models depend on it, and how many of its cores this process may use."""

from __future__ import annotations

import math
import os
import platform
from contextlib import suppress
from pathlib import Path

from edgect.machine import cgroups

CAPS = ("ONEDNN_", "DNNL_", "OV_")  # variables by which engines are told to use less
_X86_FIELDS = ("vendor_id", "cpu family", "model", "model name", "stepping", "flags")
_ARM_FIELDS = ("CPU implementer", "CPU architecture", "CPU variant", "CPU part", "CPU revision", "Features")

# what engines choose their code by: the name in /proc/cpuinfo, and the one that people know
INSTRUCTION_SETS = {
    "sse4_1": "SSE4.1",
    "avx2": "AVX2",
    "fma": "FMA",
    "avx_vnni": "AVX-VNNI",
    "avx512f": "AVX-512",
    "avx512_vnni": "AVX-512 VNNI",
    "avx512_bf16": "AVX-512 BF16",
    "amx_int8": "AMX INT8",
    "asimd": "NEON",
    "asimddp": "NEON dot product",
    "i8mm": "I8MM",
    "sve": "SVE",
}


def identity(cpuinfo: Path = Path("/proc/cpuinfo")) -> dict[str, str]:
    """Architecture, model and features of the first core as the system tells them, and all caps in force.

    Where there is no `cpuinfo` the features are left to what the engine itself knows.
    """
    properties = {"machine": platform.machine()}
    with suppress(OSError), cpuinfo.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            name, _, value = (part.strip() for part in line.partition(":"))
            if not name:  # the end of the first core; on a large machine all take long
                break
            if name in (*_X86_FIELDS, *_ARM_FIELDS):
                properties[name] = value
    caps = {name: value for name, value in os.environ.items() if name.startswith(CAPS)}
    return properties | dict(sorted(caps.items()))


def instruction_sets() -> list[str] | None:
    """Of those that matter to the engines, what the processor has; None where the system does not tell."""
    properties = identity()
    flags = properties.get("flags") or properties.get("Features")  # on x86, on ARM
    if flags is None:
        return None
    known = set(flags.split())
    return [INSTRUCTION_SETS[flag] for flag in INSTRUCTION_SETS if flag in known]


def available_cores() -> int:
    """Cores that this process may run on, and no more than its container's quota pays for; at least 1.

    Of a quota between two numbers of cores the larger one is used: the smaller would leave time unused.
    """
    if hasattr(os, "process_cpu_count"):  # Python 3.13, which takes PYTHON_CPU_COUNT into account too
        visible = os.process_cpu_count() or 1
    elif hasattr(os, "sched_getaffinity"):
        visible = len(os.sched_getaffinity(0))
    else:
        visible = os.cpu_count() or 1
    quota = cgroups.cores()
    return visible if quota is None else max(1, min(visible, math.ceil(quota)))
