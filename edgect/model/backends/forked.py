"""A model loaded before a fork: the threads that its engine computes with are not in the new process."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition
from weakref import WeakSet

from edgect.errors import EngineError

PATIENCE = 10.0  # seconds that a fork waits for engines, of which one may never come back


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


@contextmanager
def at_work() -> Iterator[None]:
    """No fork comes between, in which an engine's locks would be copied as they are, and never be opened."""
    global _working
    with _change:
        _working += 1
    try:
        yield
    finally:
        with _change:
            _working -= 1
            _change.notify_all()


def _pause() -> None:
    _change.acquire()
    _change.wait_for(lambda: not _working, PATIENCE)


def _go_on() -> None:
    _change.release()


def _begin() -> None:
    """In the new process. What was inherited is never freed: the engine would wait for threads, or abort."""
    global _forks, _working, _change
    _forks, _working, _change = _forks + 1, 0, Condition()
    for session in _loaded:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(session))
    _loaded.clear()


_forks = _working = 0
_change = Condition()
_loaded = WeakSet[OfProcess]()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_pause, after_in_parent=_go_on, after_in_child=_begin)
