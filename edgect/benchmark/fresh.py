"""`edgect classify` in a fresh process: what a user waits for, and what the machine must hold."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgect.benchmark import launch
from edgect.errors import EngineError


@dataclass(frozen=True)
class Process:
    """seconds: from start to end. peak_mb: resident memory at most, in 10^6 bytes; None on Windows."""

    seconds: float
    peak_mb: float | None


def classify(arguments: Sequence[str], cache: Path, exit_codes: Collection[int] = (0,)) -> Process:
    """Run `edgect classify ARGUMENTS`, its compiled models cached in the folder `cache`.

    Raises EngineError where it ends with another exit code than those given.
    """
    command = [sys.executable, "-m", "edgect", "classify", *arguments]
    done = subprocess.run(
        [sys.executable, "-I", "-S", launch.__file__, *command],
        env={**os.environ, "EDGECT_CACHE_DIR": str(cache)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )
    if done.returncode not in exit_codes:
        said = done.stderr.decode(errors="backslashreplace").splitlines() or [f"exit code {done.returncode}"]
        raise EngineError(f"edgect classify failed in a process of its own: {said[-1]}")
    report = json.loads(done.stdout)
    peak = report["peak_bytes"]
    return Process(report["seconds"], None if peak is None else peak / 1e6)
