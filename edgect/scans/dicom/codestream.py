"""Compressed frames: whether they are whole, and as large as the data set says, before any is decoded.

Decoders fill in what is missing without a word, and trust the size that the codestream states. What is
changed within cannot be told: compressed frames carry no checksum.
"""

from __future__ import annotations

from struct import error, unpack_from

from pydicom.uid import UID

from edgect.errors import ScanError
from edgect.scans.dicom.codecs import HTJ2K, JPEG, JPEG_2000, JPEG_LS

TRUNCATED = "truncated: the data end before the picture does"
END = b"\xff\xd9"  # of JPEG, JPEG-LS and JPEG 2000 alike
_NO_FRAME_HEADER = (0xC4, 0xC8, 0xCC)


def check(frame: bytes, syntax: UID, rows: int, columns: int) -> None:
    """Raises ScanError: the frame is cut short, or holds a picture of another size."""
    try:
        if syntax in (*JPEG, *JPEG_LS):
            size = _jpeg_size(frame)
        elif syntax in (*JPEG_2000, *HTJ2K):
            size = _jpeg_2000_size(frame)
        else:
            return
    except (error, IndexError):
        raise ScanError(TRUNCATED) from None
    if size != (rows, columns):
        raise ScanError(
            f"damaged: a picture of {size[1]:,}x{size[0]:,} where the header says {columns:,}x{rows:,}"
        )


def _jpeg_size(frame: bytes) -> tuple[int, int]:
    """Rows and columns of the frame header (ITU-T T.81, B.2.2; T.87, C.2.2), up to which all is segments."""
    if not frame.startswith(b"\xff\xd8"):
        raise ScanError("damaged: no JPEG where one should be")
    if not frame.rstrip(b"\0").endswith(END) and END not in frame[-16:]:
        raise ScanError(TRUNCATED)
    at = 2
    while True:
        marker, length = unpack_from(">xBH", frame, at)
        if frame[at] != 0xFF:
            raise ScanError("damaged: no JPEG where one should be")
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if (0xC0 <= marker <= 0xCF and marker not in _NO_FRAME_HEADER) or marker == 0xF7:
            rows, columns = unpack_from(">HH", frame, at + 5)
            return rows, columns
        at += 2 + length


def _jpeg_2000_size(frame: bytes) -> tuple[int, int]:
    """Rows and columns of the SIZ marker, after a walk over all tile-parts (ITU-T T.800, A.4, A.5)."""
    start = frame.find(b"\xff\x4f\xff\x51", 0, 4096)  # a JP2 header may come first
    if start < 0:
        raise ScanError("damaged: no JPEG 2000 where one should be")
    x, y, left, top = unpack_from(">IIII", frame, start + 8)
    at = start + 2
    while frame[at : at + 2] != b"\xff\x90":  # the first tile-part
        at += 2 + int(unpack_from(">H", frame, at + 2)[0])
    while frame[at : at + 2] != END:
        if frame[at : at + 2] != b"\xff\x90":
            raise ScanError(TRUNCATED)
        (length,) = unpack_from(">I", frame, at + 6)
        if length == 0:  # the last one, up to the end
            if not frame.rstrip(b"\0").endswith(END):
                raise ScanError(TRUNCATED)
            break
        if length < 12:
            raise ScanError("damaged: a tile-part shorter than its header")
        at += length
    return y - top, x - left
