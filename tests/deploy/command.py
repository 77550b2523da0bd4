"""`python -m deploy` as users run it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def deploy(run: Path, data: Path, out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Without a PATH, on which the emulator would be found: `test_processors.py` has the one test of it."""
    command = [sys.executable, "-m", "deploy", str(run), "--data", str(data), "--out", str(out), *options]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PATH": ""})
