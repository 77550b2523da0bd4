"""Forks of a process that classifies: of its threads the new process has one, of their locks all.

The threads that an engine computes with are not there, and a lock that another thread held, of an engine
or of OpenCV, is never released. So a model is used in the process that loaded it, and a fork waits for work.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from threading import Condition, local
from typing import TypeVar
from weakref import WeakSet

from edgect.errors import EngineError

FORK_TIMEOUT = 10.0  # seconds that a fork waits for work under way, which may hang

T = TypeVar("T")


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
    """Forks of other threads wait for the block's end, and the block for theirs."""
    global _working
    if _thread.working:  # the outer block is waited for
        yield
        return
    with _change:
        _change.wait_for(lambda: not _forking)
        _working += 1
    _thread.working = True
    try:
        yield
    finally:
        _thread.working = False
        with _change:
            _working -= 1
            _change.notify_all()


def each_at_work(results: Iterator[T]) -> Generator[T]:
    """The same results, each of them made at work."""
    missing = object()
    while True:
        with at_work():
            result = next(results, missing)
        if result is missing:
            return
        yield result  # type: ignore[misc]


class _Thread(local):
    working = False


def _wait_for_work() -> None:
    global _forking
    _change.acquire()
    _forking += 1
    _change.wait_for(lambda: _working == _thread.working, FORK_TIMEOUT)


def _resume_in_parent() -> None:
    global _forking
    _forking -= 1
    _change.notify_all()
    _change.release()


def _reset_in_child() -> None:
    """In the new process. What was inherited is never freed: the engine would wait for threads, or abort."""
    global _forks, _forking, _working, _change
    _forks, _forking, _working, _change = _forks + 1, 0, int(_thread.working), Condition()
    for session in _loaded:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(session))
    _loaded.clear()


_forks = _forking = _working = 0
_change = Condition()
_thread = _Thread()
_loaded = WeakSet[ProcessBound]()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_wait_for_work, after_in_parent=_resume_in_parent, after_in_child=_reset_in_child
    )
