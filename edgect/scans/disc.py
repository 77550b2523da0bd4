"""The files that a DICOMDIR lists, under the names that systems give to the files of a disc."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import PurePath

from edgect.errors import ScanError
from edgect.scans import remote
from edgect.scans.limits import Limits
from edgect.scans.read import read_bytes
from edgect.scans.signature import DICOM_SUFFIXES

_INDEX = "dicomdir"
_VERSION = re.compile(r";[0-9]+$")  # ISO 9660, 7.5.1: every name on a disc ends in one


def is_index(path: str) -> bool:
    """Whether a file has the name of a DICOMDIR."""
    name = PurePath(path)
    return _INDEX in (_plain(name.name), name.stem.lower())


def listed(path: str) -> list[str]:
    """The files that a DICOMDIR lists, there or not; none where this is none, or it cannot be read."""
    if not is_index(path) or remote.is_url(path):
        return []
    try:
        from edgect.scans.dicom import files_of_index

        files = files_of_index(read_bytes(path), Limits())
    except (ScanError, ImportError):  # its row will say
        return []
    names = lru_cache(maxsize=1024)(_names)
    found = []
    for parts in files:
        file = os.path.dirname(path)
        for part in parts:
            there = os.path.join(file, part)
            file = (
                there if os.path.lexists(there) else os.path.join(file, names(file).get(_plain(part), part))
            )
        found.append(file)
    return found


def _names(folder: str) -> dict[str, str]:
    """What a folder holds, by plain name; of several that have the same, the shortest."""
    try:
        held = os.listdir(folder or os.curdir)
    except OSError:
        return {}
    return {_plain(name): name for name in sorted(held, key=lambda name: (len(name), name), reverse=True)}


def _plain(name: str) -> str:
    """A name as a DICOMDIR has it, in lower case: without a version, a last dot, or a suffix."""
    plain = _VERSION.sub("", name.lower()).rstrip(".")
    stem, suffix = os.path.splitext(plain)
    return stem if suffix in DICOM_SUFFIXES else plain
