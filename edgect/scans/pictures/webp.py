"""Whether a WebP's data end where its picture does (RFC 9649), where a hole in them gives cause for doubt."""

from __future__ import annotations

import io
import struct

from PIL import Image

from edgect.errors import ScanError

# coded data hold no such runs, files that were not copied to their end do
_FILL_RUNS = (bytes(32), b"\xff" * 32)
_TAIL = 16  # bytes, more than a decoder reads ahead


def check_data_end(image: Image.Image, content: bytes) -> None:
    """Raise ScanError where the picture is the same without the last of its data: some were not used.

    image: decoded. A WebP has no checksum, and its decoder takes a hole for data; it ends too late, which
    libwebp notices, or too early. To decode twice takes its time: files without a hole, animations and
    slices of a picture whose data end in the right place by chance pass.
    """
    position = 12
    while content[position : position + 4] not in (b"VP8 ", b"VP8L"):
        if position + 8 > len(content) or content[position : position + 4] not in (b"VP8X", b"ALPH", b"ICCP"):
            return
        position += 8 + _padded_length(content, position)
    end = position + 8 + _padded_length(content, position)
    if not any(fill in content[position:end] for fill in _FILL_RUNS):
        return
    shorter = bytearray(content[: end - _TAIL] + content[end:])
    for size in (4, position + 4):
        struct.pack_into("<I", shorter, size, int.from_bytes(content[size : size + 4], "little") - _TAIL)
    try:
        shorter_image = Image.open(io.BytesIO(shorter), formats=["WEBP"]).convert(image.mode)
    except Exception:  # decoders raise whatever they meet
        return
    if shorter_image.tobytes() == image.tobytes():
        raise ScanError("cannot be decoded, truncated or damaged: its data go on after the picture's end")


def _padded_length(content: bytes, position: int) -> int:
    """Length of a chunk's data, padded to an even one."""
    length = int.from_bytes(content[position + 4 : position + 8], "little")
    return length + length % 2
