"""The machine that edgect runs on, as far as the system describes it."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import dataclass

from edgect.machine.processor import CAPS, available_cores, identity

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


@dataclass(frozen=True)
class Machine:
    """cpu: its name. cores: that this process may use, and cores_in_all: that there are, both logical.

    instruction_sets: of those that matter to the engines, what the CPU has; None where the system
    does not tell. caps: variables of the environment by which engines are told to use less of it,
    such as ONEDNN_MAX_CPU_ISA.
    """

    cpu: str
    cores: int
    cores_in_all: int
    instruction_sets: list[str] | None
    caps: dict[str, str]
    system: str
    architecture: str


def describe_machine() -> Machine:
    """The machine that this process runs on."""
    properties = identity()
    flags = properties.get("flags") or properties.get("Features")  # on x86, on ARM
    known = None if flags is None else set(flags.split())
    return Machine(
        cpu=properties.get("model name") or _brand() or platform.processor() or "unknown",
        cores=available_cores(),
        cores_in_all=os.cpu_count() or 1,
        instruction_sets=None
        if known is None
        else [INSTRUCTION_SETS[f] for f in INSTRUCTION_SETS if f in known],
        caps={name: value for name, value in properties.items() if name.startswith(CAPS)},
        system=f"{platform.system()} {platform.release()}".strip(),
        architecture=platform.machine(),
    )


def _brand() -> str:
    """The CPU's name on macOS; else empty."""
    if sys.platform != "darwin":
        return ""
    try:
        process = subprocess.run(["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True)
    except OSError:
        return ""
    return process.stdout.strip()
