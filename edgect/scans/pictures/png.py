"""Whether a PNG is what its writer wrote: every chunk ends in its CRC (PNG 5.3), and every row is there."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import deflate

from edgect.errors import ScanError

if TYPE_CHECKING:
    from PIL import Image

_TYPE = re.compile(rb"\w{4}")
_SIGNATURE_LENGTH = 8  # bytes of the signature
_IHDR_DATA = 16  # where IHDR's data begin
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
_ADAM7 = (  # first column and row, and steps to the next
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
_INFLATE_STEP = 2**20  # bytes inflated at a time


def check_checksums(content: bytes) -> None:
    """Hold each chunk before IEND against its checksum; much less work than decoding.

    IEND itself holds nothing, and of it no more is asked than that it is there. Raises ScanError for
    a chunk that is cut off, differs, or is none.
    """
    data = memoryview(content)
    for kind, start, end in chunks(content):
        if deflate.crc32(data[start - 4 : end]) != int.from_bytes(data[end : end + 4]):
            name = kind.decode("ascii", "replace")
            raise ScanError(f"cannot be decoded, truncated or damaged: wrong checksum of PNG chunk {name}")


def check_data_length(image: Image.Image, content: bytes) -> None:
    """Raise ScanError where whole chunks hold less than the picture needs: the decoder leaves rows at zero.

    image: decoded from content. Rows come in order, so the last tells; only if it is zero, or the picture
    is interlaced (PNG 8.2), are the data counted.
    """
    last = image.crop((0, image.height - 1, *image.size))
    if not image.info.get("interlace") and last.tobytes().strip(b"\0"):
        return
    width, height, depth, colour, *_, interlaced = struct.unpack_from(">IIBBBBB", content, _IHDR_DATA)
    bits = depth * CHANNELS.get(colour, 1)
    needed = sum(
        rows * (1 + (columns * bits + 7) // 8)
        for rows, columns in _passes(width, height, interlaced)
        if rows and columns
    )
    inflate, length_inflated = zlib.decompressobj(), 0
    for kind, start, end in chunks(content):
        data = content[start:end] if kind == b"IDAT" else b""
        while data and length_inflated < needed:
            length_inflated += len(inflate.decompress(data, _INFLATE_STEP))
            data = inflate.unconsumed_tail
    if length_inflated < needed:
        raise ScanError("cannot be decoded, truncated or damaged: the data end before the picture does")


def _passes(width: int, height: int, interlaced: int) -> Iterator[tuple[int, int]]:
    """Rows and columns of each reduced image (PNG 8.2)."""
    for left, top, across, down in _ADAM7 if interlaced else ((0, 0, 1, 1),):
        yield -(-(height - top) // down), -(-(width - left) // across)


def chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Type of each chunk before IEND, and where its data begin and end. Raises ScanError if cut off."""
    position = _SIGNATURE_LENGTH
    while True:
        if position + 8 > len(content):
            raise ScanError("cannot be decoded, truncated or damaged: the PNG ends before its last chunk")
        length, kind = struct.unpack_from(">I4s", content, position)
        if kind == b"IEND":
            return
        end = position + 8 + length
        if not _TYPE.fullmatch(kind) or end + 4 > len(content):
            raise ScanError(
                f"cannot be decoded, truncated or damaged: no whole PNG chunk at byte {position:,}"
            )
        yield kind, position + 8, end
        position = end + 4
