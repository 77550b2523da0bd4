"""`python -m deploy` as users run it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def deploy(run: Path, data: Path, out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deploy", str(run), "--data", str(data), "--out", str(out), *options]
    return subprocess.run(command, capture_output=True, text=True)
