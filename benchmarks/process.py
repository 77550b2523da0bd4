"""A command in a fresh process, and what it took of time, cores and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter


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

    It is started by this file as a small process of its own: the system counts the memory of
    whoever starts a process as the new one's, as long as it has not replaced its program.
    Raises RuntimeError where it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "usage.json"
        done = subprocess.run(
            [sys.executable, "-I", "-S", __file__, report, *command],
            cwd=Path(__file__).parents[1],
            env={**os.environ, **(env or {})},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(map(str, command))} failed: {done.stderr[-2000:]}")
        said = done.stderr.splitlines()
        return Usage(**json.loads(report.read_text()), last_words=said[-1] if said else "")


def edgect(*arguments: str | os.PathLike[str]) -> list[str | os.PathLike[str]]:
    """The command line of `edgect ARGUMENTS`."""
    return [sys.executable, "-m", "edgect", *arguments]


def _launch(report: str, command: list[str]) -> int:
    start = perf_counter()
    pid = os.posix_spawn(command[0], command, os.environ)
    _, status, used = os.wait4(pid, 0)
    usage = {
        "seconds": perf_counter() - start,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_mb": used.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6,
    }
    Path(report).write_text(json.dumps(usage))
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(_launch(sys.argv[1], sys.argv[2:]))
