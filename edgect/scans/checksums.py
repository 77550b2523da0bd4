"""Whether a PNG is what its writer wrote: every chunk ends in its CRC (PNG 5.3)."""

from __future__ import annotations

import re
import struct
import zlib

from edgect.errors import ScanError

_TYPE = re.compile(rb"\w{4}")
_START = 8  # bytes of the signature


def check(content: bytes) -> None:
    """Hold each chunk before IEND against its checksum; much less work than decoding.

    IEND itself holds nothing, and of it no more is asked than that it is there. Raises ScanError for
    a chunk that is cut off, differs, or is none.
    """
    data, place = memoryview(content), _START
    while True:
        if place + 8 > len(content):
            raise ScanError("cannot be decoded, truncated or damaged: the PNG ends before its last chunk")
        length, kind = struct.unpack_from(">I4s", data, place)
        if kind == b"IEND":
            return
        end = place + 8 + length
        if not _TYPE.fullmatch(kind) or end + 4 > len(content):
            raise ScanError(f"cannot be decoded, truncated or damaged: no whole PNG chunk at byte {place:,}")
        if zlib.crc32(data[place + 4 : end]) != int.from_bytes(data[end : end + 4]):
            name = kind.decode("ascii", "replace")
            raise ScanError(f"cannot be decoded, truncated or damaged: wrong checksum of PNG chunk {name}")
        place = end + 4
