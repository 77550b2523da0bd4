"""SIGTERM and Ctrl-C end the program within seconds, whatever it is at.

Python acts on a signal between two of its own steps, in the main thread. A library that is called there puts
that off, for ever if it does not come back, and where it keeps the interpreter's lock no other thread runs
either. So a small process beside this one hears of every signal, and looks whether the program ends in time.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import select
import signal
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

PATIENCE = 5.0  # seconds from a signal to the end
AGAIN = 1.0  # where it is not the first; and from each way of ending the program to the next, harder one
SIGNALS = (signal.SIGINT, signal.SIGTERM)
WORDS: dict[int, str] = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}

_patience: mmap.mmap | None = None  # seconds after a first signal, shared with the watch; None: there is none


class Terminated(KeyboardInterrupt):
    """SIGTERM: ends a run as Ctrl-C does."""


@contextmanager
def terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM raises `Terminated`. With a watch, the second signal of a kind ends the process at once."""
    try:
        before = signal.signal(signal.SIGTERM, _terminate)
    except ValueError:  # not in the main thread: whoever runs it there has the signals
        yield
        return
    if _patience is not None:
        _hear_once()
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def allow(seconds: float) -> None:
    """Have the watch wait longer after a first signal: a server finishes what is in hand."""
    if _patience is not None:
        _patience[:] = struct.pack("d", seconds + PATIENCE)


def watch() -> None:
    """Begin to watch this process, once, in the main thread and before there are others.

    Where no process can be forked, a thread watches, which a library can stop. Windows ends programs by
    itself; there, nothing is done.
    """
    global _patience
    if _patience is not None or not hasattr(os, "fork"):
        return
    _patience = mmap.mmap(-1, 8)
    allow(0)
    heard, hear = os.pipe()
    late, tell = os.pipe()
    held = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # the watch itself is not to be ended by them
    try:
        parent = os.getpid()
        try:
            child = os.fork()
        except OSError:  # no more processes are allowed
            child = None
        if child == 0:
            try:
                _keep_open(heard, tell)
                _watch(heard, tell, parent)
            finally:
                os._exit(0)
        Thread(target=_end, args=(heard, late, child is not None), daemon=True, name="edgect-end").start()
        os.set_blocking(hear, False)
        signal.set_wakeup_fd(hear, warn_on_full_buffer=False)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def _watch(heard: int, tell: int, parent: int) -> None:
    """In the process beside: the thread is told first, since it says why; then come the system's own ways."""
    number = _overdue(heard)
    if not number:
        return
    os.write(tell, bytes([number]))
    for harder in (number, signal.SIGKILL):
        time.sleep(AGAIN)
        if os.getppid() != parent:
            return
        os.kill(parent, harder)


def _overdue(heard: int) -> int:
    """The number of a signal after which the program did not end in time; 0 where it did."""
    number = 0
    while content := os.read(heard, 1):
        assert _patience is not None
        wait = AGAIN if number else struct.unpack("d", _patience[:])[0]
        number = content[0]
        if not select.select([heard], [], [], wait)[0]:
            return number
    return 0


def _end(heard: int, late: int, watched: bool) -> None:
    """In a thread: end the process, which no signal ends where it is the first one of a container."""
    number = os.read(late, 1)[0] if watched else _overdue(heard)
    with suppress(OSError):
        os.write(2, f"Error: {WORDS.get(number, 'ended')}; what was under way did not end in time\n".encode())
    os._exit(128 + number)


def _terminate(*_: object) -> None:
    raise Terminated


def _hear_once() -> None:
    """Have the system forget how signals are handled as soon as one has come, where it can: glibc's."""
    libc = ctypes.CDLL(None)
    libc.signal.restype, libc.signal.argtypes = ctypes.c_void_p, (ctypes.c_int, ctypes.c_void_p)
    with suppress(AttributeError):
        libc.sysv_signal.restype, libc.sysv_signal.argtypes = libc.signal.restype, libc.signal.argtypes
        for number in SIGNALS:
            if callable(signal.getsignal(number)):  # a shell's background jobs ignore Ctrl-C
                libc.sysv_signal(number, libc.signal(number, None))


def _keep_open(*numbers: int) -> None:
    """Close all other files, so that nobody waits for the end of what this process would hold open."""
    for start, end in zip((-1, *sorted(numbers)), (*sorted(numbers), os.sysconf("SC_OPEN_MAX")), strict=True):
        os.closerange(start + 1, end)
