"""Runs a check in a process of its own, so that a crash of numpy, OpenCV or an engine ends only that check.

As a script, `python -m edgect.diagnostics.doctor.subprocess_runner MODULE.FUNCTION ARGUMENTS`: calls a
function of a module in this folder, and writes its findings as JSON, a line each as soon as there is one.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from importlib import import_module

from edgect.diagnostics.doctor.report import Finding

TIMEOUT = 300  # seconds, on a slow and busy machine
ILLEGAL_INSTRUCTION = 0xC000001D  # how Windows ends a process with an instruction that the CPU does not have


def run_check(check: str, *arguments: str) -> tuple[list[Finding], str]:
    """The findings of a check, `MODULE.FUNCTION`, and why its process ended early, or "". Never raises."""
    # without -P, modules of the working folder would take the place of installed ones
    safe_path = [] if os.getcwd() in sys.path else ["-P"]
    command = [sys.executable, *safe_path, "-m", __name__, check, *arguments]
    try:
        process = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT)
        output, stderr, failure = process.stdout, process.stderr, _exit_reason(process.returncode)
    except subprocess.TimeoutExpired as error:
        output, stderr, failure = error.stdout or b"", b"", f"no end after {TIMEOUT} seconds"
    except OSError as error:
        return [], f"no process could be started ({error})"
    findings: list[Finding] = []
    for line in output.decode(errors="replace").splitlines():
        try:
            content = json.loads(line)
            if "ended" in content:
                return findings, content["ended"]
            findings.append(Finding.from_json(content))
        except (ValueError, TypeError, LookupError):  # cut short
            break
    lines = stderr.decode(errors="backslashreplace").split("\n")
    last_line = [line.strip() for line in lines if line.strip()][-1:]
    return findings, ": ".join([failure, *last_line])


def _exit_reason(code: int) -> str:
    if code == -signal.SIGILL or code & 0xFFFFFFFF == ILLEGAL_INSTRUCTION:
        return "was ended by an instruction that this CPU does not have"
    if code < 0:
        names = {number.value: number.name for number in signal.Signals}
        return f"was ended by {names.get(-code, f'signal {-code}')}"
    return f"ended with exit code {code}"


def main(check: str, *arguments: str) -> None:
    # what libraries print goes to stderr
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    ended = ""
    try:
        module, _, function = check.partition(".")
        check_function = getattr(import_module(f"edgect.diagnostics.doctor.{module}"), function)
        for finding in check_function(*arguments):
            print(json.dumps(finding.to_json()), file=output, flush=True)
    except Exception as error:  # libraries raise what they like; all of it is a line
        ended = f"{type(error).__name__}: {' '.join(str(error).split())}"
    print(json.dumps({"ended": ended}), file=output, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
