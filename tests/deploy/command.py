"""`python -m deploy` as users run it, but with fewer of the processors that it tries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from deploy.__main__ import main
from deploy.verification import engine_parity, golden, processors
from tests import in_process

CAPPED = processors.CAPPED[-1:]  # every one takes seconds, in processes of its own


@contextmanager
def few_processors() -> Iterator[pytest.MonkeyPatch]:
    """One cap, and no PATH, on which the emulator would be found: `test_processors.py` has the test of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "")
        for module in (engine_parity, golden):
            patch.setattr(module, "CAPPED", CAPPED)
        yield patch


def deploy(run: Path, data: Path, out: Path, *options: str) -> CompletedProcess[str]:
    with few_processors():
        return in_process.run(main, run, "--data", data, "--out", out, *options)
