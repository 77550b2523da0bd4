"""The PNG and JPEG that most scans are, decoded without Pillow, which takes longer, by the same checks.

Whatever is not usual, or not whole, is left to `raster.py`, which says what is wrong with it. What is decoded
here is to the bit what Pillow makes of it.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Sequence

import deflate
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from edgect.errors import ScanError
from edgect.scans.pictures import jpeg, png

MAX_PIXELS = 2**22  # of larger pictures the decoders' copies would take much memory

_PNG = b"\x89PNG\r\n\x1a\n"
_BEFORE_DATA = frozenset(
    (b"IHDR", b"pHYs", b"sRGB", b"gAMA", b"cHRM", b"iCCP", b"sBIT", b"tIME", b"tEXt", b"iTXt", b"eXIf")
)
_METADATA = (b"tEXt", b"iTXt", b"eXIf")
_GREY, _RGB, _RGBA = 0, 2, 6  # colour types of PNG
_STORED = 0xFFFF  # bytes of a block without compression, at most (RFC 1951, 3.2.4)

_HUFFMAN_FRAMES = (0xC0, 0xC1, 0xC2)  # sequential and progressive
_DECODED_TO = {1: "GRAY", 3: "RGB"}  # by the number of components

# what may be an entry of the EXIF tag Orientation, and one that says that the picture is upright
_ENTRY = re.compile(rb"\x01\x12\0[\1-\x0d]|\x12\x01[\1-\x0d]\0")
_UPRIGHT_ENTRY = re.compile(rb"\x01\x12\0\x03\0\0\0\x01\0\x01|\x12\x01\x03\0\x01\0\0\0\x01\0")
_TURNED_XMP = re.compile(rb'tiff:Orientation(?:="|>)[02-9]')
_HIDDEN = (b"Raw profile type", b"XML:com.adobe.xmp\0\x01")  # EXIF as text, and compressed XMP

Pixels = NDArray[np.uint8]


def decode(content: bytes, max_pixels: int) -> Pixels | None:
    """Grey `[h, w]`, or where a pixel is in colour RGB or RGBA `[h, w, 3 or 4]`; None: left to Pillow."""
    import cv2  # here, as below: a command that is refused has no use for it, and it takes its time

    decoder = _decode_png if content.startswith(_PNG) else _decode_jpeg
    try:
        pixels = decoder(content, min(max_pixels, MAX_PIXELS))
    except (ScanError, ValueError, struct.error, deflate.DeflateError, cv2.error):
        return None
    if pixels is None or pixels.ndim == 2:
        return pixels
    grey = _common_channel(pixels)
    return pixels if grey is None else grey


def _decode_png(content: bytes, max_pixels: int) -> Pixels | None:
    import cv2

    width, height, depth, colour, *methods = struct.unpack_from(">IIBBBBB", content, 16)
    if depth != 8 or colour not in (_GREY, _RGB, _RGBA) or any(methods) or width * height > max_pixels:
        return None
    png.check_checksums(content)
    parts: list[bytes] = []
    metadata: list[bytes] = []
    for kind, start, end in png.chunks(content):
        if kind == b"IDAT":
            parts.append(content[start:end])
        elif parts or kind not in _BEFORE_DATA:
            return None
        elif kind in _METADATA:
            metadata.append(content[start:end])
    if not _is_upright(metadata):
        return None
    channels = png.CHANNELS[colour]
    length = height * (1 + width * channels)
    data = deflate.zlib_decompress(b"".join(parts), length)
    if len(data) != length:
        return None
    rows = np.frombuffer(data, np.uint8).reshape(height, 1 + width * channels)
    if colour == _GREY:
        return _without_filters(rows, width, height, _GREY)
    # filters work on each channel by itself: where filtered channels are the same, the channels are
    filtered = rows[:, 1:].reshape(height, width, channels)
    grey = _common_channel(filtered)
    if grey is not None:
        return _without_filters(np.hstack((rows[:, :1], grey)), width, height, _GREY)
    pixels = _without_filters(rows, width, height, colour)
    order = cv2.COLOR_BGR2RGB if colour == _RGB else cv2.COLOR_BGRA2RGBA
    return None if pixels is None else np.asarray(cv2.cvtColor(pixels, order), np.uint8)


def _without_filters(rows: Pixels, width: int, height: int, colour: int) -> Pixels | None:
    """Inflated rows without their filters (PNG 9), which OpenCV undoes: it gets them as a PNG of its own."""
    import cv2

    if colour == _GREY and not rows[:, 0].any():  # no row has one
        return np.ascontiguousarray(rows[:, 1:])
    data = rows.tobytes()
    blocks = [b"\x78\x01"]
    for start in range(0, len(data), _STORED):
        block = data[start : start + _STORED]
        is_last = start + len(block) == len(data)
        blocks += (struct.pack("<BHH", is_last, len(block), len(block) ^ 0xFFFF), block)
    blocks.append(deflate.adler32(data).to_bytes(4))
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    chunks = [_chunk(b"IHDR", [header]), _chunk(b"IDAT", blocks), _chunk(b"IEND", [])]
    stored = b"".join([_PNG, *(part for chunk in chunks for part in chunk)])
    pixels = cv2.imdecode(np.frombuffer(stored, np.uint8), cv2.IMREAD_UNCHANGED)
    return None if pixels is None else np.asarray(pixels, np.uint8)


def _chunk(kind: bytes, parts: Sequence[bytes]) -> list[bytes]:
    checksum = deflate.crc32(kind)
    for part in parts:
        checksum = deflate.crc32(part, checksum)
    return [sum(map(len, parts)).to_bytes(4), kind, *parts, checksum.to_bytes(4)]


def _decode_jpeg(content: bytes, max_pixels: int) -> Pixels | None:
    """libjpeg-turbo raises ValueError for what it would else only warn of, so that it decodes but once."""
    if not content.startswith(b"\xff\xd8\xff"):
        return None
    picture = jpeg.read(content)
    width, height = picture.size
    colours = _DECODED_TO.get(picture.components)
    if picture.frame not in _HUFFMAN_FRAMES or colours is None or width * height > max_pixels:
        return None
    if not _is_upright(picture.metadata):
        return None
    start, *parts = picture.parts
    stream = b"".join([start, *picture.colour_segments, *parts, b"\xff\xd9"])
    pixels: Pixels = simplejpeg.decode_jpeg(stream, colours)
    jpeg.check_end(picture)
    return pixels[..., 0] if colours == "GRAY" else pixels


def _common_channel(pixels: Pixels) -> Pixels | None:
    """The channel that red, green and blue are alike; None where they differ."""
    import cv2

    colours = cv2.cvtColor(pixels, cv2.COLOR_RGBA2RGB) if pixels.shape[2] == 4 else pixels
    grey = cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY)  # whose weights sum to one: what is grey stays as it is
    return (
        np.asarray(grey, np.uint8)
        if np.array_equal(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), colours)
        else None
    )


def _is_upright(metadata: Iterable[bytes]) -> bool:
    """Whether nothing in EXIF or XMP says, or may say, that the picture is to be turned."""
    return not any(
        len(_ENTRY.findall(block)) != len(_UPRIGHT_ENTRY.findall(block))
        or _TURNED_XMP.search(block)
        or block.startswith(_HIDDEN)
        for block in metadata
    )
