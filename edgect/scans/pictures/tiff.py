"""What a TIFF says of its pages beyond what Pillow asks: which are pictures, and whether they are whole."""

from __future__ import annotations

import ctypes
import io
from functools import cache
from typing import Any

from PIL import Image, _imaging

from edgect.errors import ScanError
from edgect.scans.pictures import jpeg

_NEW_SUBFILE_TYPE, _SUBFILE_TYPE, _COMPRESSION, _SAMPLE_FORMAT, _SUB_IFDS, _JPEG_TABLES = (
    254,
    255,
    259,
    339,
    330,
    347,
)  # tags of TIFF 6.0
_BITS_PER_SAMPLE, _IMAGE_DEPTH = 258, 32997  # the latter of libtiff
_BIG_TIFF = 43  # in place of 42
_DATA_LOCATIONS = ((273, 279), (324, 325))  # offsets and lengths of strips, and of tiles
_PREVIEW, _MASK = 1, 4  # bits of _NEW_SUBFILE_TYPE
_OLD_PREVIEW = 2
_SIGNED = 2
_JPEG = 7


def page_indices(image: Image.Image, count: int) -> list[int]:
    """Numbers of the pages that are pictures, not previews or masks of another; all where none is."""
    pictures = [index for index in range(count) if not _is_preview(image, index)]
    return pictures or list(range(count))


def check_page_type(image: Image.Image) -> None:
    """Raises ScanError: the page is a preview whose picture cannot be reached, or its values are no greys."""
    tags = _tags(image)
    if image.mode == "LAB":
        raise ScanError("a picture in colour (CIE L*a*b*)", "rejected")
    if tags.get(_NEW_SUBFILE_TYPE, 0) & _PREVIEW and _SUB_IFDS in tags:
        raise ScanError("a preview: its picture lies in a sub-file, which is not read", "rejected")
    if (planes := tags.get(_IMAGE_DEPTH, 1)) != 1:
        raise ScanError(f"a volume of {planes} planes in one page, of which one would be read", "rejected")
    if _SIGNED in tags.get(_SAMPLE_FORMAT, ()):
        raise ScanError("signed values without units: export 8 bits through a lung window", "rejected")


def check_jpeg_data(image: Image.Image, content: bytes) -> None:
    """Raises ScanError where a strip or tile in JPEG is not whole, of which libtiff says nothing."""
    tags = _tags(image)
    if tags.get(_COMPRESSION) != _JPEG:
        return
    for offsets, lengths in _DATA_LOCATIONS:
        for start, length in zip(tags.get(offsets, ()), tags.get(lengths, ()), strict=False):
            jpeg.check_complete(content[start : start + length], tags.get(_JPEG_TABLES, b""))


def depth(content: bytes) -> tuple[int | None, str]:
    """Bits a channel of the first page, None if it does not say; its compression if Pillow knows it not."""
    from PIL import TiffImagePlugin  # which takes its time

    file = io.BytesIO(content)
    try:
        tags = TiffImagePlugin.ImageFileDirectory_v2(file.read(16 if content[2] == _BIG_TIFF else 8))
        file.seek(tags.next)
        tags.load(file)
        bits, compression = max(tags[_BITS_PER_SAMPLE]), tags.get(_COMPRESSION, 1)
    except Exception:  # parsers raise whatever they meet
        return None, ""
    return (
        bits,
        "" if compression in TiffImagePlugin.COMPRESSION_INFO else f"TIFF of compression {compression}",
    )


@cache
def silence_libtiff() -> None:
    """Have Pillow's libtiff raise its errors without saying them to stderr, where no file would be named."""
    try:
        ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler(None)
    except (OSError, AttributeError):  # linked in a way that does not tell: the words stay
        return


def _is_preview(image: Image.Image, index: int) -> bool:
    try:
        image.seek(index)
    except Exception:  # its row will say
        return False
    tags = _tags(image)
    return (
        bool(tags.get(_NEW_SUBFILE_TYPE, 0) & (_PREVIEW | _MASK)) or tags.get(_SUBFILE_TYPE) == _OLD_PREVIEW
    )


def _tags(image: Image.Image) -> Any:
    return image.tag_v2  # type: ignore[attr-defined]
