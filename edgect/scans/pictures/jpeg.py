"""Whether a JPEG holds what its picture needs, no less and no more (ITU-T T.81, annex B)."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field

import simplejpeg

from edgect.errors import ScanError

_MARKER = re.compile(rb"\xff+([^\0\xff])", re.DOTALL)
_AFTER_DATA = re.compile(rb"\xff[^\0\xff\xd0-\xd7]", re.DOTALL)  # restart markers stand within the data
_LAST = re.compile(rb"(?:\xff\0|[^\xff])((?:\xff+[\xd0-\xd7])*\xff*)\Z", re.DOTALL)  # byte of data
_ZERO_RUN = bytes(16)  # such as files have that were not copied to their end
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length
_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_TABLES = frozenset({0xC4, 0xCC, 0xDB, 0xDD})  # Huffman, arithmetic conditioning, quantization, restarts
_COLOUR_SEGMENTS, _METADATA = frozenset({0xE0, 0xEE}), 0xE1
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_SEQUENTIAL = frozenset({0xC0, 0xC1, 0xC5, 0xC9, 0xCD})
_LOSSLESS = 0xC3  # whose colours are not converted
_ARITHMETIC = 0xC9  # and all later frames
_NEAR_LOSSLESS = 0xF7  # JPEG-LS (ITU-T T.87)
_MAX_SCANS = 100  # of one picture, at most; encoders write about ten
_UNSENT_BITS = 14  # more bits than any scan leaves to later ones
_UNSUPPORTED = ("subsampling", "color conversion")  # that Pillow decodes all the same
_PADDING = b"\x5a" * 4096


def check_complete(content: bytes, tables: bytes = b"") -> None:
    """Walk to the first picture's own end, and decode what lies before it, strictly.

    What follows that end, as phones append previews and films, is not looked at, nor are pictures within
    segments. tables: a JPEG of nothing but tables, which another one's data need (TIFF 6.0's JPEGTables).
    Raises ScanError: cut, filled up, or with data that its picture does not use.

    Of data in which one code was replaced by another as long, nothing can be told: a JPEG has no checksum.
    """
    picture = read(content, tables)
    stream = b"".join(picture.parts)
    complaint = _strict_decoding_error(stream, picture)
    if complaint is not None and not any(word in complaint for word in _UNSUPPORTED):
        raise _damaged(complaint)
    if complaint is not None or picture.frame >= _ARITHMETIC:  # whose decoder takes zeros for what is missing
        _check_padded(stream)
        return
    check_end(picture)


def read(content: bytes, tables: bytes = b"") -> Picture:
    """The first picture, as its segments tell. Raises ScanError: scans are missing, or repeat others."""
    picture = Picture()
    if tables:
        _read_segments(tables, picture)
    _read_segments(content, picture)
    if any(any(missing_bits) for missing_bits in picture.missing_bits.values()) or not picture.missing_bits:
        raise _damaged("scans of the picture are missing")
    return picture


def check_end(picture: Picture) -> None:
    """Raises ScanError where a picture that can be decoded ends before its data, of which a few are zeros."""
    stream = b"".join(picture.parts) if picture.has_zero_run else b""
    # of up to seven bytes that it did not use, libjpeg-turbo says nothing, and to decode again takes its time
    last = _LAST.search(stream, len(stream) - 64) if picture.has_zero_run else None
    if last and _strict_decoding_error(stream[: last.start()] + last[1], picture) is None:
        raise _damaged("its data go on after the picture's end")


def depth(content: bytes) -> tuple[int | None, str]:
    """Bits a channel, as the first frame header says, None where there is none; whether it is JPEG-LS."""
    position = 2 if content[:2] == b"\xff\xd8" else len(content)
    while match := _MARKER.search(content, position):
        start = match.end()
        if match[1][0] in _FRAMES | {_NEAR_LOSSLESS} and start + 2 < len(content):
            return content[start + 2], "JPEG-LS" if match[1][0] == _NEAR_LOSSLESS else ""
        position = start + (
            0 if match[1][0] in _WITHOUT_LENGTH else int.from_bytes(content[start : start + 2])
        )
    return None, ""


@dataclass
class Picture:
    """parts: what a decoder needs of it, without its end marker.

    colour_segments: JFIF's and Adobe's, which say what the components are. metadata: contents of the segments
    that may say how the picture is turned. size: width and height.

    missing_bits: of each component's 64 coefficients, the bits that no scan has given. components: how many.
    has_zero_run: whether its coded data have a stretch of zeros. scans: how many.
    """

    parts: list[bytes] = field(default_factory=lambda: [b"\xff\xd8"])
    colour_segments: list[bytes] = field(default_factory=list)
    metadata: list[bytes] = field(default_factory=list)
    size: tuple[int, int] = (0, 0)
    missing_bits: dict[int, list[int]] = field(default_factory=dict)
    frame: int = 0
    components: int = 0
    has_zero_run: bool = False
    scans: int = 0


def _read_segments(content: bytes, picture: Picture) -> None:
    position = 2
    while match := _MARKER.search(content, position):
        code, start = match[1][0], match.end()
        if code == _END:
            return
        if code in _WITHOUT_LENGTH:
            position = start
            continue
        if code == _START:
            break
        end = position = start + int.from_bytes(content[start : start + 2])
        segment = content[start + 2 : end]
        if code == _SCAN:
            segment = _record_scan(segment, picture)
            if (after := _AFTER_DATA.search(content, end)) is None:
                break
            position = after.start()
            picture.has_zero_run |= content.find(_ZERO_RUN, end, position) >= 0
        elif code in _FRAMES:
            picture.frame, picture.components = code, segment[5] if len(segment) > 5 else 0
            picture.size = int.from_bytes(segment[3:5]), int.from_bytes(segment[1:3])
            picture.missing_bits = {component: [_UNSENT_BITS] * 64 for component in segment[6::3]}
        elif code in _COLOUR_SEGMENTS:
            picture.colour_segments.append(content[start - 2 : end])
            continue
        elif code not in _TABLES:
            if code == _METADATA:
                picture.metadata.append(segment)
            continue
        length = len(segment) + 2
        picture.parts.append(bytes((0xFF, code)) + length.to_bytes(2) + segment + content[end:position])
    raise _damaged("the JPEG ends before its picture does")


def _record_scan(header: bytes, picture: Picture) -> bytes:
    """Note what a scan gives. In a sequential picture that is everything, whatever its header says."""
    picture.scans += 1
    if picture.scans > _MAX_SCANS:
        raise ScanError(f"a JPEG of more than {_MAX_SCANS} scans, each of which would be decoded")
    count = header[0] if header else 0
    if len(header) != 2 * count + 4:
        raise _damaged("a scan's header is not valid")
    if picture.frame in _SEQUENTIAL:
        header = header[:-3] + b"\0\x3f\0"
    first, last, bits = header[-3:] if picture.frame in _PROGRESSIVE else (0, 63, 0)
    bits &= 15  # the others say what earlier scans left
    for component in set(header[1:-3:2]):
        missing_bits = picture.missing_bits.get(component, [])
        if not missing_bits[first : last + 1] or min(missing_bits[first : last + 1]) <= bits:
            raise _damaged("a scan repeats another")
        missing_bits[first : last + 1] = [bits] * (last + 1 - first)
    return header


def _strict_decoding_error(stream: bytes, picture: Picture) -> str | None:
    """What libjpeg-turbo has to say against it; at an eighth of the size, it reads the same data."""
    colours = {1: "GRAY", 4: "CMYK"}.get(picture.components, "RGB" if picture.frame == _LOSSLESS else "GRAY")
    try:
        simplejpeg.decode_jpeg(stream + b"\xff\xd9", colours, min_factor=8)
    except ValueError as error:
        return str(error)
    return None


def _check_padded(stream: bytes) -> None:
    """Data put in front of the end marker change the picture where others are missing, and only there."""
    from PIL import Image, ImageChops

    bare, padded = (
        Image.open(io.BytesIO(stream + padding + b"\xff\xd9"), formats=["JPEG"])
        for padding in (b"", _PADDING)
    )
    if ImageChops.difference(bare, padded).getbbox(alpha_only=False) is not None:
        raise _damaged("the data end before the picture does")


def _damaged(complaint: str) -> ScanError:
    return ScanError(f"cannot be decoded, truncated or damaged: {complaint}")
