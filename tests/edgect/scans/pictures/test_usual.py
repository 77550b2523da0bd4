"""What is decoded without Pillow is what Pillow makes of it, and nothing else is."""

from __future__ import annotations

import io
import zlib
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from edgect.scans import Limits, read_frames
from edgect.scans.pictures import usual
from tests.edgect.synthetic import body, png_chunk

ALL = Limits().pixels
ORIENTATION = 0x0112


def picture(mode: str, coloured: bool, seed: int = 0, height: int = 50, width: int = 70) -> Image.Image:
    """Smooth and noisy parts, so that a PNG's writer chooses different filters for its rows."""
    rng = np.random.default_rng(seed)
    smooth = np.add.outer(np.arange(height) * 2, np.arange(width))[..., None]
    noise = rng.integers(0, 200, (height, width, 3)) * (np.arange(height) % 3 == 0)[:, None, None]
    pixels = ((smooth + noise) % 256).astype(np.uint8)
    image = Image.fromarray(pixels).convert("RGB" if coloured else "L").convert(mode)
    if mode == "RGBA":
        image.putalpha(Image.fromarray(rng.integers(0, 256, (height, width), np.uint8)))
    return image


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def decoded(content: bytes) -> NDArray[np.uint8]:
    pixels = usual.decode(content, ALL)
    assert pixels is not None
    return pixels


@pytest.mark.parametrize(("mode", "coloured"), list(product(("L", "RGB", "RGBA"), (False, True))))
def test_a_png_is_decoded_to_the_bit(mode: str, coloured: bool) -> None:
    image = picture(mode, coloured)
    pixels = decoded(encoded(image, "PNG"))
    grey = mode == "L" or not coloured
    np.testing.assert_array_equal(pixels, np.asarray(image.convert("L") if grey else image))


@given(
    st.integers(0, 2**32 - 1), st.integers(1, 90), st.integers(1, 90), st.sampled_from(["L", "RGB", "RGBA"])
)
def test_a_png_of_any_filters_is_what_pillow_makes_of_it(
    seed: int, height: int, width: int, mode: str
) -> None:
    rng = np.random.default_rng(seed)
    channels = {"L": 1, "RGB": 3, "RGBA": 4}[mode]
    values = rng.integers(0, 256, (height, width, 1 if seed % 2 else channels), np.uint8)
    rows = np.broadcast_to(values, (height, width, channels)).reshape(height, -1)
    filters = rng.integers(0, 5, (height, 1), np.uint8)
    header = b"".join(
        (width.to_bytes(4), height.to_bytes(4), bytes((8, {1: 0, 3: 2, 4: 6}[channels], 0, 0, 0)))
    )
    data = zlib.compress(np.hstack((filters, rows)).tobytes())
    chunks = (b"IHDR", header), (b"IDAT", data[:20]), (b"IDAT", data[20:]), (b"IEND", b"")
    content = b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)
    image, pixels = Image.open(io.BytesIO(content)), decoded(content)
    np.testing.assert_array_equal(pixels, np.asarray(image.convert("L") if pixels.ndim == 2 else image))


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("coloured", [False, True])
def test_a_jpeg_is_decoded_to_the_bit(subsampling: int, progressive: bool, coloured: bool) -> None:
    image = picture("RGB", coloured)
    content = encoded(image, "JPEG", subsampling=subsampling, progressive=progressive, quality=80)
    pixels = decoded(content)
    assert pixels.ndim == (3 if coloured else 2)
    whole = pixels if coloured else np.repeat(pixels[..., None], 3, axis=2)
    np.testing.assert_array_equal(whole, np.asarray(Image.open(io.BytesIO(content))))


def test_the_frame_is_the_same_by_either_way(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = product(
        (("RGB", "JPEG"), ("L", "JPEG"), ("RGB", "PNG"), ("RGBA", "PNG"), ("L", "PNG")), (False, True)
    )
    contents = [encoded(picture(mode, coloured), form) for (mode, form), coloured in kinds]
    direct = [next(read_frames(content)) for content in contents]
    monkeypatch.setattr(usual, "decode", lambda *_: None)
    for frame, content in zip(direct, contents, strict=True):
        other = next(read_frames(content))
        np.testing.assert_array_equal(frame.pixels, other.pixels)
        assert (frame.index, frame.error, frame.coloured) == (other.index, other.error, other.coloured)


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_what_exif_turns_is_left_to_pillow_and_turned(form: str) -> None:
    image, exif = Image.fromarray(body(0, 48, 64)), Image.Exif()
    exif[ORIENTATION] = 1
    assert usual.decode(encoded(image, form, exif=exif), ALL) is not None
    exif[ORIENTATION] = 6
    content = encoded(image, form, exif=exif)
    assert usual.decode(content, ALL) is None
    (frame,) = read_frames(content)
    assert frame.pixels is not None
    assert frame.pixels.shape == (64, 48)


@pytest.mark.parametrize(
    "content",
    [
        encoded(picture("L", False).convert("P"), "PNG"),
        encoded(picture("L", False).convert("LA"), "PNG"),
        encoded(picture("RGB", True), "PNG", transparency=(1, 2, 3)),
        encoded(picture("RGB", True).convert("CMYK"), "JPEG"),
        encoded(picture("RGB", True), "BMP"),
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"",
    ],
)
def test_other_kinds_are_left_to_pillow(content: bytes) -> None:
    assert usual.decode(content, ALL) is None


def test_a_picture_over_the_limit_is_left_to_pillow_which_says_so() -> None:
    content = encoded(picture("L", False), "PNG")
    assert usual.decode(content, 50 * 70) is not None
    assert usual.decode(content, 50 * 70 - 1) is None
    (frame,) = read_frames(content, limits=Limits(pixels=50 * 70 - 1))
    assert "limit" in str(frame.error)
