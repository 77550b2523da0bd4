"""Whether Linux says enough of its processors for OpenVINO to load.

Its CPU plug-in looks into /sys, and where that says too little, into /proc/cpuinfo, of which it reads until
the end; where the file cannot be opened there is no end, and it reads for ever while it holds Python's lock.
(OpenVINO, `src/inference/src/os/lin/lin_system_conf.cpp`.)
"""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from pathlib import Path

from edgect.errors import EngineError

CPUINFO, CPUS = "proc/cpuinfo", "sys/devices/system/cpu"
_ENOUGH = ("cache/index0/shared_cpu_list", "cpufreq/cpuinfo_max_freq")


def check(root: Path = Path("/")) -> None:
    """Raises EngineError where OpenVINO would hang. root: where `proc` and `sys` are."""
    if sys.platform != "linux" or _first_characters(root / CPUINFO) or _tells_enough(root / CPUS):
        return
    raise EngineError(
        f"OpenVINO cannot be used: {root / CPUINFO} and {root / CPUS} cannot be read, and it would look for "
        "the processor for ever; mount /proc or /sys, or use --backend onnxruntime, which does without"
    )


def _tells_enough(cpus: Path) -> bool:
    """Whether the plug-in makes do with this: two cores or more, and what the first one shares."""
    ranges = [re.match(r"(\d+)[^-]*-\d", _first_characters(cpus / name)) for name in ("possible", "online")]
    return all(ranges) and any(_first_characters(cpus / f"cpu{ranges[1][1]}" / name) for name in _ENOUGH)  # type: ignore[index]


def _first_characters(path: Path) -> str:
    """The first characters of a file; nothing where it cannot be read."""
    with suppress(OSError), path.open(encoding="ascii", errors="replace") as file:
        return file.read(64)
    return ""
