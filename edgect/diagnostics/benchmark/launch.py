"""Run as a script: start a command, and report its time and its peak memory as JSON on stdout.

A small process of its own, without site packages: the system counts the memory of whoever starts a
process as the new one's, as long as the new one has not replaced its program.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from time import perf_counter


def main(command: list[str]) -> int:
    """Returns the command's exit code; its own stdout is thrown away."""
    peak = cpu_seconds = None
    start = perf_counter()
    if sys.platform == "win32":  # tells no peak of a process that has ended
        code = subprocess.call(command, stdout=subprocess.DEVNULL)
        seconds = perf_counter() - start
    else:
        silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
        child = os.posix_spawn(command[0], command, os.environ, file_actions=silent)
        _, status, used = os.wait4(child, 0)
        seconds = perf_counter() - start
        code = os.waitstatus_to_exitcode(status)
        cpu_seconds = used.ru_utime + used.ru_stime
        peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)  # getrusage(2) differs
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_bytes": peak}))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
