"""Which files claim to be images, by suffix or by their first bytes."""

from __future__ import annotations

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP")
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp"})
LENGTH = 16  # bytes that are enough to tell

_STARTS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"BM")


def has_signature(head: bytes) -> bool:
    """Whether a file's first `LENGTH` bytes are those of one of `FORMATS`."""
    return head.startswith(_STARTS) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
