"""What systemd or a container engine puts around a process, as far as bubblewrap and seccomp can."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

REPOSITORY = Path(__file__).parents[2]
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | 1  # SCMP_ACT_ALLOW; SCMP_ACT_ERRNO(EPERM)
ALWAYS = {"execve", "exit", "exit_group", "rt_sigreturn", "getrlimit", "set_tid_address"}  # systemd.exec(5)


def missing() -> str | None:
    """Why no cage can be made here."""
    if not shutil.which("bwrap"):
        return "bubblewrap is not installed"
    done = subprocess.run(["bwrap", *options(), "true"], capture_output=True, text=True)
    return done.stderr.strip() if done.returncode else None


_APART = "--die-with-parent --new-session --unshare-user --unshare-pid --unshare-ipc --unshare-uts --clearenv"
_USER = "--uid 1000 --gid 1000 --cap-drop ALL"
_FILES = "--dev /dev --proc /proc --tmpfs /tmp --tmpfs /var/tmp --tmpfs /run --setenv PATH /usr/bin:/bin"


def options(root: Path = Path("/")) -> list[str]:
    """An unprivileged user on a root that cannot be written to."""
    found = [*_APART.split(), *_USER.split(), "--ro-bind", str(root), "/", *_FILES.split()]
    if root == Path("/"):
        for path in (sys.base_prefix, sys.prefix, str(REPOSITORY)):  # which may lie in /tmp
            found += ["--ro-bind", path, path]
    return found


def start(
    line: Sequence[str],
    more: Sequence[str],
    variables: Mapping[str, str],
    calls: set[str] | None = None,
    log: IO[bytes] | None = None,
    root: Path = Path("/"),
) -> subprocess.Popen[bytes]:
    """more: options of bwrap. calls: of the system, all that are allowed."""
    environment = [word for name, value in variables.items() for word in ("--setenv", name, value)]
    with tempfile.TemporaryFile() as program:
        seccomp = []
        if calls is not None:
            seccomp = ["--seccomp", str(program.fileno())]
            _compile(calls, program.fileno())
        return subprocess.Popen(
            ["bwrap", *options(root), *more, *environment, *seccomp, "--", *line],
            stdout=log,
            stderr=log,
            pass_fds=[program.fileno()],
        )


def allowed(lines: Sequence[str]) -> set[str]:
    """System calls that a unit's SystemCallFilter= leaves; its first line lists those allowed."""
    found = set[str]()
    for line in lines:
        names = _members(line.removeprefix("~").split())
        found = found - names if line.startswith("~") else found | names
    return found | ALWAYS


def _members(names: Sequence[str]) -> set[str]:
    found = set[str]()
    for name in names:
        if name.startswith("@"):
            said = subprocess.run(
                ["systemd-analyze", "syscall-filter", "--no-pager", name],
                check=True,
                capture_output=True,
                text=True,
            )
            inside = [row.strip() for row in said.stdout.splitlines()[1:] if row.strip()]
            found |= _members([one for one in inside if not one.startswith("#")])
        else:
            found.add(name)
    return found


def _compile(calls: set[str], file: int) -> None:
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(library.seccomp_init(REFUSE))
    for name in calls:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # others are of other processors
            assert library.seccomp_rule_add(rules, ALLOW, number, 0) == 0, name
    assert library.seccomp_export_bpf(rules, file) == 0
    library.seccomp_release(rules)
    os.lseek(file, 0, os.SEEK_SET)
