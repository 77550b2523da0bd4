"""What a container or a service may use of its machine, by Linux control groups of version 1 and 2.

A limit holds for a group and all below it, so those above a process's own count too, as far as they are
to be seen. (Linux, Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/ and scheduler/sched-bwc.rst.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

ROOT = Path("/")  # where `proc` and `sys` are


def cores(root: Path = ROOT) -> float | None:
    """Processors' worth of time that the smallest quota allows; None where there is no quota."""
    quotas = [
        limit / period
        for folder in _folders("cpu", root)
        for limit, period in (_version_2(folder), _version_1(folder))
        if limit > 0 and period > 0
    ]
    return min(quotas, default=None)


def memory(root: Path = ROOT) -> tuple[int, int] | None:
    """Bytes that may be used in all, and that are free of them; None where there is no limit."""
    limits = list[tuple[int, int]]()
    for folder in _folders("memory", root):
        for limit, used in (("max", "current"), ("limit_in_bytes", "usage_in_bytes")):
            with suppress(OSError, ValueError):  # `max` is no number
                most = int((folder / f"memory.{limit}").read_text())
                limits.append((most, max(0, most - int((folder / f"memory.{used}").read_text()))))
    return min(limits, key=lambda pair: pair[1], default=None)


def _version_2(folder: Path) -> tuple[int, int]:
    with suppress(OSError, ValueError):
        limit, period = (folder / "cpu.max").read_text().split()
        return int(limit), int(period)
    return 0, 0


def _version_1(folder: Path) -> tuple[int, int]:
    with suppress(OSError, ValueError):
        limit, period = ((folder / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        return int(limit), int(period)
    return 0, 0


def _folders(controller: str, root: Path) -> Iterator[Path]:
    """Of the process's own groups and of those above them, in every hierarchy with this controller."""
    own = dict(_groups(controller, _read(root / "proc/self/cgroup")))
    for kind in own:
        mounts = [(top, at) for mounted, top, at in _mounts(controller, root) if mounted == kind]
        # a container may not see the path that it is told; its own group is on top then
        inside = [(at, own[kind].relative_to(top)) for top, at in mounts if own[kind].is_relative_to(top)]
        for at, below in inside or [(at, PurePosixPath()) for _, at in mounts]:
            steps = (below, *below.parents) if ".." not in below.parts else (PurePosixPath(),)
            yield from (root / at.relative_to("/") / step for step in steps)


def _groups(controller: str, text: str) -> Iterator[tuple[str, PurePosixPath]]:
    """Type of file system and path of the group, from lines `number:controllers:path`."""
    for line in text.splitlines():
        number, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        if number == "0" and not names:
            yield "cgroup2", PurePosixPath(path)
        elif controller in names.split(","):
            yield "cgroup", PurePosixPath(path)


def _mounts(controller: str, root: Path) -> Iterator[tuple[str, PurePosixPath, PurePosixPath]]:
    """Type, the group on top and the mount point of each hierarchy with this controller."""
    for line in _read(root / "proc/self/mountinfo").splitlines():
        left, _, right = (part.split() for part in line.partition(" - "))
        if len(left) < 5 or len(right) < 3:
            continue
        if right[0] == "cgroup2" or (right[0] == "cgroup" and controller in right[2].split(",")):
            yield right[0], _path(left[3]), _path(left[4])


def _path(escaped: str) -> PurePosixPath:
    return PurePosixPath(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), escaped))


def _read(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    return ""
