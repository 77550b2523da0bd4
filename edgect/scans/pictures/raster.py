"""PNG, JPEG, WebP, TIFF and BMP of 8 bits a channel, frame by frame: the usual ones without Pillow."""

from __future__ import annotations

from collections.abc import Iterator

from edgect.scans.frame import Frame
from edgect.scans.options import Limits, Window
from edgect.scans.pictures import MIN_SIDE, usual


def read_frames(content: bytes, name: str, limits: Limits, window: Window) -> Iterator[Frame]:
    """Decode one file's content into its frames, in order; never raises for bad content.

    content: a PNG, JPEG, WebP, TIFF or BMP file of 8 bits a channel. Colour becomes ITU-R 601
    luma, an EXIF orientation is applied. Dimensions are checked before any pixel is decoded. Previews
    of a picture, and what follows a JPEG's own end, are no frames.
    """
    if (frame := _usual_frame(content, limits)) is not None:
        yield frame
        return
    from edgect.scans.pictures import pillow  # here: slow to load, and seldom needed

    yield from pillow.read_frames(content, limits)


def _usual_frame(content: bytes, limits: Limits) -> Frame | None:
    """Of what Pillow is not needed for, and nothing is wrong with."""
    pixels = usual.decode(content, limits.pixels)
    if pixels is None or min(pixels.shape[:2]) < MIN_SIDE:
        return None
    coloured = 0.0
    if pixels.ndim == 3:
        from PIL import Image

        from edgect.scans.pictures import pillow

        pixels, coloured = pillow.to_grey(Image.fromarray(pixels))
    return None if pixels.min() == pixels.max() else Frame(None, pixels, coloured=coloured)
