"""On PYTHONPATH of a worker: a file that names a gate is read once the gate is open, that is, there.

Beside the gate, each process that stands at it leaves a file named after its number.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Any

import edgect.scans as scans

read = scans.read_frames


def wait(content: bytes, *rest: Any) -> Any:
    if named := re.search(rb"tEXtgate\0(.+)\n", content):
        gate = Path(os.fsdecode(named[1]))
        gate.with_name(f"at-gate-{os.getpid()}").touch()
        while not gate.exists():
            time.sleep(0.02)
    return read(content, *rest)


scans.read_frames = wait
