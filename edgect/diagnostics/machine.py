"""The machine that edgect runs on, as far as the system describes it."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import dataclass

from edgect.machine.processor import CAPS, available_cores, identity, instruction_sets


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
    return Machine(
        cpu=properties.get("model name") or _brand() or platform.processor() or "unknown",
        cores=available_cores(),
        cores_in_all=os.cpu_count() or 1,
        instruction_sets=instruction_sets(),
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
