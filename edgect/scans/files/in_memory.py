"""What a file that is in memory stands for: itself, or an archive's members."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from zipfile import ZipFile

from edgect.errors import ScanError
from edgect.scans.files import archive
from edgect.scans.files.find import visible_members
from edgect.scans.options import Limits

ContentReader = Callable[[Limits], bytes]


def split_content(name: str, content: bytes) -> list[tuple[str, ContentReader]]:
    """Names and what reads them, in the order of `find_scans`; reading raises ScanError.

    An archive that cannot be listed, or is empty, stands for itself.
    """
    if name.lower().endswith(archive.SUFFIX):
        try:
            opened = archive.open_bytes(content)
            members = visible_members(archive.member_names(opened))
        except ScanError:  # its row will say
            members = []
        if members:
            paths = sorted(f"{name}/{member}" for member in members)
            return [(path, partial(_read_within_limits, opened, path[len(name) + 1 :])) for path in paths]
    return [(name, lambda _: content)]


def _read_within_limits(opened: ZipFile, member: str, limits: Limits) -> bytes:
    content = archive.read_member(opened, member, limits.bytes + 1)
    if len(content) > limits.bytes:
        raise ScanError(f"file is, unpacked, over {limits.describe('bytes')}")
    return content
