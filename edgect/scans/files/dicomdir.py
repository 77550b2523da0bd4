"""The files that a DICOMDIR lists, under the names that systems give to the files of a disc."""

from __future__ import annotations

import os
from functools import lru_cache

from edgect.errors import ScanError
from edgect.scans.files import remote
from edgect.scans.files.read import read_bytes, read_head
from edgect.scans.formats import DICOM, HEAD_LENGTH, format_by_name, is_index, name_on_disc
from edgect.scans.options import Limits

_MEDIA_STORAGE_DIRECTORY = (
    b"1.2.840.10008.1.3.10"  # Media Storage Directory Storage, in the file meta information
)


def listed_files(path: str) -> list[str]:
    """The files that a DICOMDIR lists, there or not; none where this is none, or it cannot be read."""
    if format_by_name(path) not in (None, DICOM) or remote.is_url(path):
        return []
    try:
        if not is_index(path) and _MEDIA_STORAGE_DIRECTORY not in read_head(path, HEAD_LENGTH):
            return []
        from edgect.scans.dicom import files_of_index

        files = files_of_index(read_bytes(path), Limits())
    except (ScanError, ImportError):  # its row will say
        return []
    names = lru_cache(maxsize=1024)(_names_on_disc)
    paths = []
    for parts in files:
        file = os.path.dirname(path)
        for part in parts:
            exact = os.path.join(file, part)
            similar = part if os.path.lexists(exact) else names(file).get(name_on_disc(part), part)
            file = os.path.join(file, similar)
        paths.append(file)
    return paths


def _names_on_disc(folder: str) -> dict[str, str]:
    """What a folder holds, by their names on a disc; of several that have the same, the shortest."""
    try:
        entries = os.listdir(folder or os.curdir)
    except OSError:
        return {}
    return {
        name_on_disc(name): name for name in sorted(entries, key=lambda name: (len(name), name), reverse=True)
    }
