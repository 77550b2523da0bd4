"""`edgect classify` in a fresh process: what a user waits for, and what the machine must hold."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgect.diagnostics.benchmark import launch
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
    process = _run([sys.executable, "-I", "-S", launch.__file__, *command], cache)
    if process.returncode not in exit_codes:
        lines = process.stderr.decode(errors="backslashreplace").splitlines()
        reason = lines[-1] if lines else f"exit code {process.returncode}"
        raise EngineError(f"edgect classify failed in a process of its own: {reason}")
    report = json.loads(process.stdout)
    peak = report["peak_bytes"]
    return Process(report["seconds"], None if peak is None else peak / 1e6)


def _run(command: Sequence[str], cache: Path) -> subprocess.CompletedProcess[bytes]:
    """Where this process is told to end meanwhile, so does all that the command started."""
    with subprocess.Popen(
        command,
        env={**os.environ, "EDGECT_CACHE_DIR": str(cache)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        process_group=0,
    ) as process:
        try:
            output, errors = process.communicate()
        except BaseException:
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            raise
    return subprocess.CompletedProcess(command, process.returncode, output, errors)
