"""The one way in for a scan: find the files, and turn each into uint8 grey slices."""

from __future__ import annotations

import io
import os
import stat
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from edgect.errors import ScanError, UsageError

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP")
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp"})
MAX_BYTES = 256 * 2**20
MAX_PIXELS = 2**26  # 8192 x 8192
MIN_SIDE = 32
MAX_FRAMES = 4096  # of one file

_SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"BM")
_DROPPINGS = frozenset({"thumbs.db", "desktop.ini"})  # what operating systems leave in folders


@dataclass(frozen=True)
class Frame:
    """One slice of one file, or why there is none.

    pixels: uint8 `[height, width]`, 0 to 255, as displayed; None where `error` says why.
    index: number of the frame from 0, None in a file that holds a single one.
    """

    index: int | None
    pixels: NDArray[np.uint8] | None
    error: ScanError | None = None


def find_scans(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    """List the files to read: arguments in the order given, each folder's files sorted by path.

    Folders are searched to any depth, symbolic links are followed, and paths are returned as
    given, unresolved. Hidden files and the droppings of operating systems are left out; every
    other file is listed, image or not, since a scan with an odd name must not vanish. A folder
    that cannot be listed stands for itself, so that it too gets its row.

    Raises UsageError: a path does not exist, or no file looks like an image.
    """
    given = [os.fspath(path) for path in paths]
    missing = [path for path in given if not os.path.lexists(path)]
    if missing:
        raise UsageError(f"no such file or folder: {', '.join(map(repr, missing))}")
    found: list[str] = []
    for path in given:
        found.extend(sorted(_walk(path, ())) if os.path.isdir(path) else [path])
    explicit = any(not os.path.isdir(path) for path in given)
    if not explicit and not any(map(may_be_image, found)):
        where = ", ".join(map(repr, given)) or "the paths given (none)"
        raise UsageError(f"no images in {where}; edgect reads {', '.join(FORMATS)}")
    return found


def _walk(folder: str, above: tuple[tuple[int, int], ...]) -> Iterator[str]:
    try:
        status = os.stat(folder)
        entries = list(os.scandir(folder))
    except OSError:
        yield folder
        return
    identity = (status.st_dev, status.st_ino)
    if identity in above:  # a symbolic link back up: its files are listed already
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.name.lower() in _DROPPINGS:
            continue
        if os.path.isdir(entry.path):
            yield from _walk(entry.path, (*above, identity))
        else:
            yield entry.path


def may_be_image(path: str) -> bool:
    """Whether a file's suffix or first bytes say that it is an image, or it cannot be told."""
    if Path(path).suffix.lower() in SUFFIXES:
        return True
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return False
        with open(path, "rb") as file:
            return _has_signature(file.read(16))
    except OSError:
        return True  # cannot be told, so it gets its row


def _has_signature(head: bytes) -> bool:
    return head.startswith(_SIGNATURES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def read_bytes(path: str, max_bytes: int = MAX_BYTES) -> bytes:
    """The file's content. Raises ScanError when it is no regular file, empty, unreadable or too long."""
    try:
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            os.scandir(path).close()
            raise ScanError("a folder, not a file")
        if not stat.S_ISREG(status.st_mode):
            raise ScanError("not a regular file", "rejected")
        if status.st_size > max_bytes:
            raise ScanError(f"file of {status.st_size:,} bytes is over the limit of {max_bytes:,}")
        content = Path(path).read_bytes()
    except OSError as error:
        raise ScanError(f"cannot be read: {error.strerror or error}") from error
    if not content:
        raise ScanError("empty file (0 bytes)")
    return content


def read_frames(content: bytes, name: str = "", max_pixels: int = MAX_PIXELS) -> Iterator[Frame]:
    """Decode one file's content into its frames, in order; never raises for bad content.

    content: a PNG, JPEG, WebP, TIFF or BMP file of 8 bits a channel. Colour becomes ITU-R 601
    luma, an EXIF orientation is applied. Dimensions are checked before any pixel is decoded.
    name: the file's name; its suffix decides whether foreign content is an `error` (a damaged
    image) or `rejected` (something that never was one).
    """
    if not _has_signature(content[:16]):
        damaged = Path(name).suffix.lower() in SUFFIXES
        reason = f"not an image: the content is none of {', '.join(FORMATS)}"
        yield Frame(None, None, ScanError(reason, "error" if damaged else "rejected"))
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(content), formats=FORMATS)
            count = int(getattr(image, "n_frames", 1))
            if count > MAX_FRAMES:
                raise ScanError(f"{count:,} frames are over the limit of {MAX_FRAMES:,}")
    except ScanError as error:
        yield Frame(None, None, error)
        return
    except Image.DecompressionBombError:
        yield Frame(None, None, ScanError(f"image is over the limit of {max_pixels:,} pixels"))
        return
    except Exception as error:  # decoders raise whatever their parsers meet
        yield Frame(None, None, _undecodable(error))
        return
    for index in range(count):
        number = index if count > 1 else None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                image.seek(index)
                pixels = _grey(image, content, max_pixels)
        except ScanError as error:
            yield Frame(number, None, error)
        except Exception as error:
            yield Frame(number, None, _undecodable(error))
        else:
            yield Frame(number, pixels)


def read_slice(path: str | os.PathLike[str]) -> NDArray[np.uint8]:
    """The one slice of a single-frame file, uint8 `[height, width]`.

    Raises ScanError naming the file when it cannot be read, holds several frames, or is
    nothing to give an answer on.
    """
    name = os.fspath(path)
    try:
        frames = list(read_frames(read_bytes(name), name))
        if len(frames) != 1:
            raise ScanError(f"holds {len(frames)} frames where one is expected")
        if frames[0].error is not None:
            raise frames[0].error
    except ScanError as error:
        raise ScanError(f"{name}: {error}", error.status) from error
    assert frames[0].pixels is not None
    return frames[0].pixels


def _grey(image: Image.Image, content: bytes, max_pixels: int) -> NDArray[np.uint8]:
    width, height = image.size
    if width * height > max_pixels:
        raise ScanError(f"image of {width:,}x{height:,} is over the limit of {max_pixels:,} pixels")
    bits = _bits_per_channel(image, content)
    if bits != 8:
        raise ScanError(
            f"{bits} bits a channel without units: export 8 bits through a lung window", "rejected"
        )
    if min(width, height) < MIN_SIDE:
        raise ScanError(f"image of {width}x{height} is too small for a CT slice", "rejected")
    image.load()
    _check_whole(image, content)
    pixels = np.asarray(ImageOps.exif_transpose(image).convert("L"))
    if pixels.min() == pixels.max():
        raise ScanError("blank image: every pixel has the same value", "rejected")
    return pixels


def _check_whole(image: Image.Image, content: bytes) -> None:
    """Raise where the decoder filled in what the file lacks, which some do without a word.

    A PNG says so by its checksums. A JPEG whose data end before its end marker does not: but
    data put in front of that marker change its picture, and only its.
    """
    if image.format == "PNG":
        Image.open(io.BytesIO(content), formats=["PNG"]).verify()
    elif image.format == "JPEG":
        end = content.rfind(b"\xff\xd9")
        probe = Image.open(io.BytesIO(content[:end] + b"\x5a" * 4096 + content[end:]), formats=["JPEG"])
        if end < 0 or probe.tobytes() != image.tobytes():
            raise ScanError("truncated: the data end before the picture does")


def _bits_per_channel(image: Image.Image, content: bytes) -> int:
    """Bits a channel in the file: Pillow narrows some 16-bit files to 8 bits without a word."""
    if image.format == "PNG":
        depth = content[24]  # IHDR: length 4, type 4, width 4, height 4, bit depth (PNG 11.2.2)
        return 8 if image.mode == "P" else depth
    if image.format == "TIFF":
        bits = image.tag_v2.get(258, 1)  # type: ignore[attr-defined]  # BitsPerSample, 1 by default
        return int(max(bits)) if isinstance(bits, tuple) else int(bits)
    return {"1": 1, "I;16": 16, "I": 32, "F": 32}.get(image.mode, 8)


def _undecodable(error: Exception) -> ScanError:
    text = " ".join(str(error).split()) or type(error).__name__
    return ScanError(f"cannot be decoded, truncated or damaged: {text}")
