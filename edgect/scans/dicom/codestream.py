"""Compressed frames: whether they are whole, and as large as the data set says, before any is decoded.

Decoders fill in what is missing without a word, and trust the size that the codestream states. What is
changed within cannot be told: compressed frames carry no checksum.
"""

from __future__ import annotations

from collections.abc import Container
from struct import error, unpack_from

from pydicom.uid import UID

from edgect.errors import ScanError
from edgect.scans.dicom.codecs import HTJ2K, JPEG, JPEG_2000, JPEG_LS
from edgect.scans.dicom.encapsulated import END_MARKER

TRUNCATED = "truncated: the data end before the picture does"
_NO_FRAME_HEADER = (0xC4, 0xC8, 0xCC)
_JPEG_LS_FRAME = 0xF7
_PRECISIONS: dict[int, Container[int]] = {  # bits a sample, by the marker of the frame header
    0xC0: (8,),
    0xC1: (8, 12),
    0xC3: range(2, 17),
    _JPEG_LS_FRAME: range(2, 17),
}


def check_frame(frame: bytes, syntax: UID, rows: int, columns: int) -> int:
    """Bits a sample, 0 where the transfer syntax has no frame header.

    Raises ScanError: the frame is cut short, of another kind than its transfer syntax, or holds a picture
    of another size.
    """
    try:
        if syntax in (*JPEG, *JPEG_LS):
            *size, precision = _jpeg_header(frame, syntax)
        elif syntax in (*JPEG_2000, *HTJ2K):
            *size, precision = _jpeg_2000_header(frame)
        else:
            return 0
    except (error, IndexError):
        raise ScanError(TRUNCATED) from None
    if size != [rows, columns]:
        raise ScanError(
            f"damaged: a picture of {size[1]:,}x{size[0]:,} where the header says {columns:,}x{rows:,}"
        )
    return precision


def _jpeg_header(frame: bytes, syntax: UID) -> tuple[int, int, int]:
    """Rows, columns and precision of the frame header (ITU-T T.81, B.2.2; T.87, C.2.2).

    Up to which all is segments.
    """
    if not frame.startswith(b"\xff\xd8"):
        raise ScanError("damaged: no JPEG where one should be")
    if not frame.rstrip(b"\0").endswith(END_MARKER) and END_MARKER not in frame[-16:]:
        raise ScanError(TRUNCATED)
    position = 2
    while True:
        marker, length = unpack_from(">xBH", frame, position)
        if frame[position] != 0xFF:
            raise ScanError("damaged: no JPEG where one should be")
        if marker == 0xFF:  # a fill byte
            position += 1
            continue
        if (0xC0 <= marker <= 0xCF and marker not in _NO_FRAME_HEADER) or marker == _JPEG_LS_FRAME:
            precision, rows, columns = unpack_from(">BHH", frame, position + 4)
            _check_process(marker, precision, syntax)
            return rows, columns, precision
        position += 2 + length


def _check_process(marker: int, precision: int, syntax: UID) -> None:
    """Whether a decoder for the transfer syntax can be expected to read it (T.81, table B.2)."""
    if (marker == _JPEG_LS_FRAME) != (syntax in JPEG_LS) or marker not in _PRECISIONS:
        kind = "JPEG-LS" if marker == _JPEG_LS_FRAME else f"JPEG of process {marker - 0xC0}"
        raise ScanError(f"damaged: {kind} where its transfer syntax says {syntax.name}")
    if precision not in _PRECISIONS[marker]:
        raise ScanError(f"damaged: a JPEG of {precision} bits a sample, of which its process has none")


def _jpeg_2000_header(frame: bytes) -> tuple[int, int, int]:
    """Rows, columns and precision of the SIZ marker (ITU-T T.800, A.5), after a walk over all tile-parts."""
    start = frame.find(b"\xff\x4f\xff\x51", 0, 4096)  # a JP2 header may come first
    if start < 0:
        raise ScanError("damaged: no JPEG 2000 where one should be")
    x, y, left, top = unpack_from(">IIII", frame, start + 8)
    position = start + 2
    while frame[position : position + 2] != b"\xff\x90":  # the first tile-part
        position += 2 + int(unpack_from(">H", frame, position + 2)[0])
    while frame[position : position + 2] != END_MARKER:
        if frame[position : position + 2] != b"\xff\x90":
            raise ScanError(TRUNCATED)
        (length,) = unpack_from(">I", frame, position + 6)
        if length == 0:  # the last one, up to the end
            if not frame.rstrip(b"\0").endswith(END_MARKER):
                raise ScanError(TRUNCATED)
            break
        if length < 12:
            raise ScanError("damaged: a tile-part shorter than its header")
        position += length
    return y - top, x - left, (frame[start + 40] & 0x7F) + 1


def is_padded_rle(frame: bytes, pixels: int) -> bool:
    """Whether each segment of RLE (PS3.5, G) ends a run with the last pixel, and then holds only zeros.

    Else a run is longer or shorter than it was, and all that follow are out of place.
    """
    count, *offsets = unpack_from("<16L", frame)
    for start, end in zip(offsets[:count], [*offsets[1:count], len(frame)], strict=True):
        position, end, left = start, min(end, len(frame)), pixels
        while left > 0 and position < end:
            control = frame[position]
            if control < 128:  # so many bytes as they are, and one more
                position, left = position + control + 2, left - control - 1
            else:  # one byte, several times; 128 is none
                position, left = position + 1 + (control > 128), left - (257 - control) * (control > 128)
        if left or frame[position:end].strip(b"\0"):
            return False
    return True
