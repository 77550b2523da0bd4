"""`python -m deploy` as users run it."""

from __future__ import annotations

from pathlib import Path
from subprocess import CompletedProcess

import pytest

from deploy.__main__ import main
from tests import in_process


def deploy(run: Path, data: Path, out: Path, *options: str) -> CompletedProcess[str]:
    """Without a PATH, on which the emulator would be found: `test_processors.py` has the one test of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "")
        return in_process.run(main, run, "--data", data, "--out", out, *options)
