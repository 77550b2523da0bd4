"""Which files a list of paths stands for, in which order."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from edgect.errors import UsageError
from edgect.scans.signature import FORMATS, LENGTH, SUFFIXES, has_signature

_DROPPINGS = frozenset({"thumbs.db", "desktop.ini"})  # what operating systems leave in folders


def find_scans(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    """List the files to read: arguments in the order given, each folder's files sorted by path.

    Folders are searched to any depth, symbolic links are followed, and paths are returned as
    given, unresolved. Hidden files and the droppings of operating systems are left out; every
    other file is listed, image or not, since a scan with an odd name must not vanish. A folder
    that cannot be listed stands for itself, so that it too gets its row.

    Raises UsageError: a path does not exist, or no file looks like an image.
    """
    given = [os.fspath(path) for path in paths]
    missing = [path for path in given if not os.path.lexists(path)]
    if missing:
        raise UsageError(f"no such file or folder: {', '.join(map(repr, missing))}")
    found: list[str] = []
    for path in given:
        found.extend(sorted(_walk(path, ())) if os.path.isdir(path) else [path])
    explicit = any(not os.path.isdir(path) for path in given)
    if not explicit and not any(map(may_be_image, found)):
        where = ", ".join(map(repr, given)) or "the paths given (none)"
        raise UsageError(f"no images in {where}; edgect reads {', '.join(FORMATS)}")
    return found


def _walk(folder: str, above: tuple[tuple[int, int], ...]) -> Iterator[str]:
    try:
        status = os.stat(folder)
        entries = list(os.scandir(folder))
    except OSError:
        yield folder
        return
    identity = (status.st_dev, status.st_ino)
    if identity in above:  # a symbolic link back up: its files are listed already
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.name.lower() in _DROPPINGS:
            continue
        if os.path.isdir(entry.path):
            yield from _walk(entry.path, (*above, identity))
        else:
            yield entry.path


def may_be_image(path: str) -> bool:
    """Whether a file's suffix or first bytes say that it is an image, or it cannot be told."""
    if Path(path).suffix.lower() in SUFFIXES:
        return True
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return False
        with open(path, "rb") as file:
            return has_signature(file.read(LENGTH))
    except OSError:
        return True  # cannot be told, so it gets its row
