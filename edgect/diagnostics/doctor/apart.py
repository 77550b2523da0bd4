"""One part of the examination in a process of its own, so that whatever ends it ends no more than that.

As a script, `python -m edgect.diagnostics.doctor.apart MODULE ARGUMENTS`: the findings of
`examine(*ARGUMENTS)` of a module in this folder, as JSON, a line each as soon as it is found.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from importlib import import_module

from edgect.diagnostics.doctor.report import Finding

PATIENCE = 300  # seconds, on a slow and busy machine
ILLEGAL = 0xC000001D  # how Windows ends a process with an instruction that the CPU does not have


def examine(module: str, *arguments: str) -> tuple[list[Finding], str]:
    """What a module found before it ended, and why it ended before its time, else empty. Never raises."""
    here = [] if os.getcwd() in sys.path else ["-P"]  # else modules would come from the folder that we are in
    command = [sys.executable, *here, "-m", __name__, module, *arguments]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
        output, stderr, failure = done.stdout, done.stderr, _ended(done.returncode)
    except subprocess.TimeoutExpired as error:
        output, stderr, failure = error.stdout or b"", b"", f"no end after {PATIENCE} seconds"
    except OSError as error:
        return [], f"no process could be started ({error})"
    findings: list[Finding] = []
    for line in output.decode(errors="replace").splitlines():
        try:
            said = json.loads(line)
            if "ended" in said:
                return findings, said["ended"]
            findings.append(Finding(**said))
        except (ValueError, TypeError):  # cut short
            break
    last = stderr.decode(errors="backslashreplace").split("\n")
    words = [line.strip() for line in last if line.strip()][-1:]
    return findings, ": ".join([failure, *words])


def _ended(code: int) -> str:
    if code == -signal.SIGILL or code & 0xFFFFFFFF == ILLEGAL:
        return "was ended by an instruction that this CPU does not have"
    if code < 0:
        names = {number.value: number.name for number in signal.Signals}
        return f"was ended by {names.get(-code, f'signal {-code}')}"
    return f"ended with exit code {code}"


def main(module: str, *arguments: str) -> None:
    # what libraries print goes to stderr
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    ended = ""
    try:
        for finding in import_module(f"edgect.diagnostics.doctor.{module}").examine(*arguments):
            print(json.dumps(asdict(finding)), file=output, flush=True)
    except Exception as error:  # libraries raise what they like; all of it is a line
        ended = f"{type(error).__name__}: {' '.join(str(error).split())}"
    print(json.dumps({"ended": ended}), file=output, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
