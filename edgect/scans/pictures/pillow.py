"""PNG, JPEG, WebP, TIFF and BMP of 8 bits a channel, frame by frame, as Pillow decodes them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from edgect.errors import ScanError
from edgect.scans.decoder_logs import silenced
from edgect.scans.formats import PICTURES
from edgect.scans.frame import Frame
from edgect.scans.options import Limits
from edgect.scans.pictures import MIN_SIDE, jpeg, png, tiff, webp

GREY_TOLERANCE = 32  # levels that the channels of a grey pixel may lie apart, as JPEG has them
ORIENTATION = 0x0112  # EXIF tag
_JPEG = ("JPEG", "MPO")  # MPO: one that other pictures follow
_CHUNK_BYTES = re.compile(r" \(chunk b.*\)")  # of the file, in messages of Pillow
# as Python shows an object, at another address in every run
_OBJECT_ADDRESS = re.compile(r"<[^<>]* at 0x[0-9A-Fa-f]+>")


def read_frames(content: bytes, limits: Limits) -> Iterator[Frame]:
    """As `raster.read_frames`."""
    try:
        with silenced:
            image = Image.open(io.BytesIO(content), formats=PICTURES)
            page_indices = _pages(image, limits)
    except ScanError as error:
        yield Frame(None, None, error)
        return
    except Image.DecompressionBombError:
        pillow_limit = 2 * (Image.MAX_IMAGE_PIXELS or 0)
        limit = limits.describe("pixels")
        if limits.pixels > pillow_limit:
            limit = f"the {pillow_limit:,} pixels that Pillow opens"
        yield Frame(None, None, ScanError(f"image is over {limit}"))
        return
    except Exception as error:  # decoders raise whatever their parsers meet
        yield Frame(None, None, _unidentified(content) or _decoding_error(error))
        return
    for index in page_indices:
        frame_index = index if len(page_indices) > 1 else None
        try:
            with silenced:
                image.seek(index)
                pixels, coloured = _decode(image, content, limits)
        except ScanError as error:
            yield Frame(frame_index, None, error)
        except Exception as error:
            yield Frame(frame_index, None, _decoding_error(error, image))
        else:
            yield Frame(frame_index, pixels, coloured=coloured)


def to_grey(image: Image.Image) -> tuple[NDArray[np.uint8], float]:
    """Its ITU-R 601 luma, and the share of its pixels that are in colour."""
    return np.asarray(image.convert("L")), _coloured_share(image)


def _pages(image: Image.Image, limits: Limits) -> list[int]:
    if image.format in _JPEG:
        return [0]
    if image.format == "TIFF":
        tiff.silence_libtiff()
    count = int(getattr(image, "n_frames", 1))
    if count > limits.frames:
        raise ScanError(f"{count:,} frames are over {limits.describe('frames')}")
    return tiff.page_indices(image, count) if image.format == "TIFF" and count > 1 else list(range(count))


def _decode(image: Image.Image, content: bytes, limits: Limits) -> tuple[NDArray[np.uint8], float]:
    """The slice, and the share of its pixels that are in colour."""
    width, height = image.size
    if width * height > limits.pixels:
        raise ScanError(f"image of {width:,}x{height:,} is over {limits.describe('pixels')}")
    bits = _bits_per_channel(image, content)
    if bits != 8:
        raise _wrong_depth(bits)
    if min(width, height) < MIN_SIDE:
        raise ScanError(f"image of {width}x{height} is too small for a CT slice", "rejected")
    if image.format == "TIFF":
        tiff.check_page_type(image)
    if image.format in _JPEG:
        jpeg.check_complete(content)  # before its scans are decoded, of which a few bytes can state thousands
    image.load()
    _check_complete(image, content)
    if image.getexif().get(ORIENTATION, 1) != 1:  # else it would be copied for nothing
        image = ImageOps.exif_transpose(image)
    pixels, coloured = to_grey(image)
    if pixels.min() == pixels.max():
        raise ScanError("blank image: every pixel has the same value", "rejected")
    return pixels, coloured


def _coloured_share(image: Image.Image) -> float:
    if image.mode in ("L", "1", "LA"):
        return 0.0
    import cv2

    sample = image.reduce(max(1, min(image.size) // 256)) if image.mode == "RGB" else image
    pixels = np.asarray(sample.convert("RGB"))
    red, green, blue = (cv2.extractChannel(pixels, channel) for channel in range(3))
    # as numpy's ptp over the channels, which takes twenty-five times as long
    brightest, darkest = cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue)
    return float((cv2.subtract(brightest, darkest) > GREY_TOLERANCE).mean())


def _check_complete(image: Image.Image, content: bytes) -> None:
    """Raise ScanError where the decoder filled in what the file lacks, which some do without a word."""
    if image.format == "PNG":
        png.check_checksums(content)
        png.check_data_length(image, content)
    elif image.format == "TIFF":
        tiff.check_jpeg_data(image, content)
    elif image.format == "WEBP":
        webp.check_data_end(image, content)
    if image.mode == "P" and any(image.histogram()[len(image.getpalette() or ()) // 3 :]):
        raise ScanError("damaged: colours that its pixels name are not in its palette")


def _bits_per_channel(image: Image.Image, content: bytes) -> int:
    """Bits a channel in the file: Pillow narrows some 16-bit files to 8 bits without a word."""
    if image.format == "PNG":
        depth = content[24]  # IHDR: length 4, type 4, width 4, height 4, bit depth (PNG 11.2.2)
        return 8 if image.mode == "P" else depth
    if image.format == "TIFF":
        bits = image.tag_v2.get(258, 1)  # type: ignore[attr-defined]  # BitsPerSample, 1 by default
        return int(max(bits)) if isinstance(bits, tuple) else int(bits)
    return {"1": 1, "I;16": 16, "I": 32, "F": 32}.get(image.mode, 8)


def _wrong_depth(bits: int) -> ScanError:
    return ScanError(f"{bits} bits a channel without units: export 8 bits through a lung window", "rejected")


def _unidentified(content: bytes) -> ScanError | None:
    """Of a picture that Pillow does not know, what it says of itself, if anything that explains it."""
    bits, unsupported = jpeg.depth(content)
    if bits is None:
        with silenced:
            bits, unsupported = tiff.depth(content)
    if bits is not None and bits != 8:
        return _wrong_depth(bits)
    return ScanError(f"{unsupported}, which is not read") if unsupported else None


def _decoding_error(error: Exception, image: Image.Image | None = None) -> ScanError:
    text = (
        _CHUNK_BYTES.sub("", _OBJECT_ADDRESS.sub("it", " ".join(str(error).split()))) or type(error).__name__
    )
    if isinstance(error, UnidentifiedImageError):  # whose message names an object, not the file
        return ScanError("cannot be decoded, truncated or damaged, or of a kind that is not read")
    if text.startswith("Unsupported"):
        return ScanError(f"cannot be decoded: {text}")
    if image is not None and text.startswith("decoder error"):  # and a number of Pillow's
        text = f"libtiff refuses its data ({image.info.get('compression', 'raw')})"
    return ScanError(f"cannot be decoded, truncated or damaged: {text}")
