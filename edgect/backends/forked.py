"""A model loaded before a fork: the threads that its engine computes with are not in the new process."""

from __future__ import annotations

import ctypes
import os
from weakref import WeakSet

from edgect.errors import EngineError


class OfProcess:
    """A base of sessions, which are of use in the process alone that they were loaded in."""

    def __init__(self) -> None:
        self._forks = forks()
        _loaded.add(self)

    def check_process(self) -> None:
        """Raises EngineError after a fork, where the engine would wait for its threads for ever."""
        if self._forks != forks():
            raise EngineError(
                "the model was loaded before this process was forked: load it anew, and begin again here "
                "what was begun there"
            )


def forks() -> int:
    """How many forks lie behind this process: it tells them apart, as a process id may not."""
    return _forks


def _count() -> None:
    """And never free what was inherited: the engine would wait for its threads for ever, or abort."""
    global _forks
    _forks += 1
    for session in _loaded:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(session))
    _loaded.clear()


_forks = 0
_loaded = WeakSet[OfProcess]()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_count)
