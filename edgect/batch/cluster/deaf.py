"""Loaded by Dask in the processes of `--scheduler local`, to which a terminal sends its Ctrl-C, too."""

from __future__ import annotations

import signal


def dask_setup(worker: object) -> None:
    """It is for the command, which ends them; they would say how they were ended, at length."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
