"""A model loaded before a fork: the threads that its engine computes with are not in the new process."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition
from weakref import WeakSet

from edgect.errors import EngineError

FORK_TIMEOUT = 10.0  # seconds that a fork waits for engines, of which one may hang


class ProcessBound:
    """A base of sessions, which can be used only in the process that loaded them."""

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


@contextmanager
def at_work() -> Iterator[None]:
    """Forks wait for the block's end: the new process would copy an engine's locks, and never unlock them."""
    global _working
    with _change:
        _working += 1
    try:
        yield
    finally:
        with _change:
            _working -= 1
            _change.notify_all()


def _wait_for_engines() -> None:
    _change.acquire()
    _change.wait_for(lambda: not _working, FORK_TIMEOUT)


def _resume_in_parent() -> None:
    _change.release()


def _reset_in_child() -> None:
    """In the new process. What was inherited is never freed: the engine would wait for threads, or abort."""
    global _forks, _working, _change
    _forks, _working, _change = _forks + 1, 0, Condition()
    for session in _loaded:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(session))
    _loaded.clear()


_forks = _working = 0
_change = Condition()
_loaded = WeakSet[ProcessBound]()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_wait_for_engines, after_in_parent=_resume_in_parent, after_in_child=_reset_in_child
    )
