"""What a call does in a forked process, which may hang there."""

from __future__ import annotations

import os
import signal
import time
import warnings
from collections.abc import Callable

from edgect.errors import EngineError

SECONDS = 20.0  # after which a call is taken to hang


def error_in_child(call: Callable[[], object]) -> str:
    """`EngineError` where the call raises that in a forked process, or where there are no forks.

    Otherwise the predicate of a sentence: what it does instead.
    """
    if not hasattr(os, "fork"):
        return EngineError.__name__
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads, tried here on purpose
        child = os.fork()
    if not child:
        os._exit(_exit_code(call))
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            code = os.waitstatus_to_exitcode(status)
            return _MEANINGS.get(code, f"ended the process with exit code {code}")
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return f"hung for {SECONDS:g} seconds"


_MEANINGS = {0: EngineError.__name__, 3: "returned", 4: "raised another error"}


def _exit_code(call: Callable[[], object]) -> int:
    try:
        call()
    except EngineError:
        return 0
    except BaseException:
        return 4
    return 3
