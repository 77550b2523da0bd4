"""On PYTHONPATH: no process of this Python gets a socket; `CAGE` names the file that attempts are written to.

From Python, any event of the module socket is an exception and a line. From native code on Linux, a socket of
any family but AF_UNIX ends the process with SIGSYS (seccomp(2)); processes started from it inherit this. That
openvino_telemetry is loaded at the end is written down too.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import platform
import struct
import sys

# of linux/seccomp.h and linux/bpf_common.h
_SYSCALLS = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}  # architecture, number of socket(2)
_LOAD, _IS, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data
_AF_UNIX = 1


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _without_sockets() -> bool:
    known = _SYSCALLS.get(platform.machine())
    if sys.platform != "linux" or known is None:
        return False
    steps = (
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_IS, 0, 5, known[0]),
        (_LOAD, 0, 0, _NUMBER),
        (_IS, 0, 3, known[1]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_IS, 1, 0, _AF_UNIX),
        (_RETURN, 0, 0, _KILL),
        (_RETURN, 0, 0, _ALLOW),
    )
    code = b"".join(struct.pack("HBBI", *step) for step in steps)
    program = _Program(len(steps), code)
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, ctypes.byref(program), 0, 0) == 0


def _note(what: str) -> None:
    with open(os.environ["CAGE"], "a", encoding="utf-8") as record:
        record.write(f"{what} in {sys.orig_argv}\n")


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if event.startswith("socket."):
        _note(event)
        raise OSError(f"no network: {event}")


def _loaded() -> None:
    if sys.modules.get("openvino_telemetry"):
        _note("openvino_telemetry")


if "CAGE" in os.environ:
    if _without_sockets():
        with open(os.environ["CAGE"] + ".native", "w"):
            pass
    sys.addaudithook(_watch)
    # edgect does not bring it; where it is, pydicom imports it, and it looks for IPv6 by a socket
    sys.modules["requests"] = None  # type: ignore[assignment]
    atexit.register(_loaded)
