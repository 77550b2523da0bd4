"""What a file that is in memory stands for: itself, or an archive's members."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from zipfile import ZipFile

from edgect.errors import ScanError
from edgect.scans.files import archive
from edgect.scans.files.find import shown
from edgect.scans.limits import Limits

Read = Callable[[Limits], bytes]


def parts(name: str, content: bytes) -> list[tuple[str, Read]]:
    """Names and what reads them, in the order of `find_scans`; reading raises ScanError.

    An archive that cannot be listed, or is empty, stands for itself.
    """
    if name.lower().endswith(archive.SUFFIX):
        try:
            opened = archive.in_memory(content)
            members = shown(archive.names(opened))
        except ScanError:  # its row will say
            members = []
        if members:
            paths = sorted(f"{name}/{member}" for member in members)
            return [(path, partial(_read, opened, path[len(name) + 1 :])) for path in paths]
    return [(name, lambda _: content)]


def _read(opened: ZipFile, member: str, limits: Limits) -> bytes:
    content = archive.member_of(opened, member, limits.bytes + 1)
    if len(content) > limits.bytes:
        raise ScanError(f"file is, unpacked, over {limits.of('bytes')}")
    return content
