"""Run edgect where its modules see `os`, `signal`, `sys` and `time` as they are on Windows.

python -m tests.edgect.like_windows ARGUMENT…    # as `edgect ARGUMENT…`; without any, imports every module

Only edgect's own imports are answered so: the standard library of this system goes on needing what it is. It
is no Windows: paths, files and processes are those of here. It finds calls that have no other way.
"""

from __future__ import annotations

import builtins
import os
import pkgutil
import signal
import sys
import time
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import Any

# of the documentation of Python 3.11: Availability: Unix, not Windows
MODULES = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}
# fmt: off
OS = [
    "chown", "chroot", "confstr", "ctermid", "fchdir", "fchmod", "fchown", "fdatasync", "fork",
    "forkpty", "fpathconf", "fstatvfs", "ftruncate", "getegid", "geteuid", "getgid", "getgroups",
    "getloadavg", "getpgid", "getpgrp", "getpriority", "getsid", "getuid", "initgroups", "killpg",
    "lchown", "lockf", "mkfifo", "mknod", "nice", "openpty", "pathconf", "posix_fadvise",
    "posix_fallocate", "posix_spawn", "posix_spawnp", "pread", "preadv", "pwrite", "pwritev", "readv",
    "register_at_fork", "sched_getaffinity", "sched_setaffinity", "sched_yield", "sendfile",
    "set_blocking", "get_blocking", "setegid", "seteuid", "setgid", "setgroups", "setpgid",
    "setpriority", "setsid", "setuid", "statvfs", "sync", "sysconf", "tcgetpgrp", "tcsetpgrp",
    "ttyname", "uname", "wait", "wait3", "wait4", "waitid", "writev", "O_CLOEXEC", "O_DIRECTORY",
    "O_DSYNC", "O_NOATIME", "O_NOCTTY", "O_NOFOLLOW", "O_NONBLOCK", "O_PATH", "O_SYNC",
    "POSIX_SPAWN_OPEN", "POSIX_SPAWN_CLOSE", "POSIX_SPAWN_DUP2", "WEXITSTATUS", "WIFEXITED",
    "WIFSIGNALED", "WNOHANG", "WTERMSIG", "process_cpu_count",
]
SIGNAL = [
    "SIGALRM", "SIGBUS", "SIGCHLD", "SIGCONT", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGSTOP",
    "SIGTSTP", "SIGUSR1", "SIGUSR2", "SIG_BLOCK", "SIG_SETMASK", "SIG_UNBLOCK", "alarm", "getitimer",
    "pause", "pthread_kill", "pthread_sigmask", "setitimer", "siginterrupt", "sigpending",
    "sigtimedwait", "sigwait",
]
# fmt: on
TIME = ["tzset", "clock_gettime", "clock_settime", "pthread_getcpuclockid"]


def _without(module: ModuleType, missing: list[str], other: Mapping[str, Any]) -> ModuleType:
    """A view of a module: `missing` are not there, `other` are otherwise; what is set is set there."""

    class View(ModuleType):
        def __getattribute__(self, name: str) -> Any:
            if name in missing:
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r} on Windows")
            return other[name] if name in other else getattr(module, name)

        def __setattr__(self, name: str, value: Any) -> None:
            setattr(module, name, value)

    return View(module.__name__)


def _msvcrt() -> SimpleNamespace:
    import fcntl

    def locking(handle: int, mode: int, _: int) -> None:
        """PermissionError where the region is locked, as there."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise PermissionError(*error.args) from error

    return SimpleNamespace(locking=locking, LK_NBLCK=2, LK_UNLCK=0)


VIEWS: dict[str, Any] = {
    "os": _without(os, OS, {"name": "nt", "O_BINARY": 0}),
    "signal": _without(signal, SIGNAL, {}),
    "sys": _without(sys, [], {"platform": "win32"}),
    "time": _without(time, TIME, {}),
    "msvcrt": _msvcrt(),
}


def install() -> None:
    plain = builtins.__import__

    def as_on_windows(name: str, globals: Any = None, *rest: Any, **more: Any) -> Any:
        if globals and str(globals.get("__name__", "")).partition(".")[0] == "edgect":
            if name in MODULES:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
            if name in VIEWS:
                return VIEWS[name]
        return plain(name, globals, *rest, **more)

    builtins.__import__ = as_on_windows


def import_everything() -> int:
    import edgect

    names = [module.name for module in pkgutil.walk_packages(edgect.__path__, "edgect.")]
    for name in names:
        if not name.endswith("__main__"):
            import_module(name)
    return len(names)


if __name__ == "__main__":
    install()
    if sys.argv[1:]:
        from edgect.cli import main

        main()
    print(import_everything())
