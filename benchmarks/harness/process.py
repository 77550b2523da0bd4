"""A command in a fresh process, and what it took of time, cores and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgect.diagnostics.benchmark import launch


@dataclass(frozen=True)
class Usage:
    """seconds: from start to end of the process. peak_mb: resident memory, in 10^6 bytes.

    last_words: the last line on stderr.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float
    last_words: str = ""


def run(command: Sequence[str | os.PathLike[str]], env: Mapping[str, str] | None = None) -> Usage:
    """Run a command with `env` added to the environment; from the root of the repository.

    Raises RuntimeError where it fails.
    """
    done = subprocess.run(
        [sys.executable, "-I", "-S", launch.__file__, *command],
        cwd=Path(__file__).parents[2],
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} failed: {done.stderr[-2000:]}")
    measured, stderr_lines = json.loads(done.stdout), done.stderr.splitlines()
    peak_mb = measured["peak_bytes"] / 1e6
    return Usage(
        measured["seconds"], measured["cpu_seconds"], peak_mb, stderr_lines[-1] if stderr_lines else ""
    )


def edgect(*arguments: str | os.PathLike[str]) -> list[str | os.PathLike[str]]:
    """The command line of `edgect ARGUMENTS`."""
    return [sys.executable, "-m", "edgect", *arguments]
