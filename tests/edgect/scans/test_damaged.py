"""Damaged files: an error with a reason, and never a picture that is partly made up."""

from __future__ import annotations

import struct
import zlib
from itertools import islice
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from edgect.errors import ScanError
from edgect.scans import Limits, read_frames
from tests.edgect.synthetic import body, bomb_png, encode, png_chunk

PIXELS = body(0, 96, 120)
FILES = {
    "grey.png": encode(PIXELS, "PNG"),
    "colour.png": encode(PIXELS, "PNG", "RGB"),
    "baseline.jpg": encode(PIXELS, "JPEG"),
    "progressive.jpg": encode(PIXELS, "JPEG", "RGB", progressive=True),
    "lossy.webp": encode(PIXELS, "WEBP"),
    "lossless.webp": encode(PIXELS, "WEBP", lossless=True),
    "plain.tif": encode(PIXELS, "TIFF"),
    "lzw.tif": encode(PIXELS, "TIFF", compression="tiff_lzw"),
    "jpeg.tif": encode(PIXELS, "TIFF", compression="jpeg"),
    "grey.bmp": encode(PIXELS, "BMP"),
    "colour.bmp": encode(PIXELS, "BMP", "RGB"),
    "pages.tif": encode(PIXELS, "TIFF", save_all=True, append_images=[Image.fromarray(body(1))]),
}
SINGLE = [name for name in FILES if name != "pages.tif"]
NAMES = st.sampled_from(sorted(FILES))


def error_of(content: bytes, name: str) -> ScanError | None:
    (frame,) = read_frames(content, name)
    return frame.error


@pytest.mark.parametrize("name", SINGLE)
def test_half_a_file_is_an_error(name: str) -> None:
    content = FILES[name]
    assert error_of(content, name) is None
    error = error_of(content[: len(content) // 2], name)
    assert error is not None
    assert error.status == "error"
    assert "truncated" in str(error)


@given(name=st.sampled_from(SINGLE), share=st.floats(0, 1, exclude_max=True))
@settings(max_examples=150, deadline=None)
def test_a_cut_file_is_an_error_or_still_the_whole_picture(name: str, share: float) -> None:
    content = FILES[name]
    (whole,) = read_frames(content, name)
    for frame in read_frames(content[: int(len(content) * share)], name):
        if frame.pixels is not None:
            np.testing.assert_array_equal(frame.pixels, whole.pixels)
        else:
            assert frame.error is not None
            assert frame.error.status == "error"


@pytest.mark.parametrize("name", ["baseline.jpg", "progressive.jpg"])
def test_a_jpeg_that_ends_too_early_is_an_error(name: str) -> None:
    content = FILES[name]
    assert error_of(content[: len(content) // 2] + b"\xff\xd9", name) is not None


@pytest.mark.parametrize(
    "name",
    ["grey.png", "colour.png", "baseline.jpg", "progressive.jpg", "lzw.tif", "jpeg.tif", "lossy.webp"],
)
def test_a_copy_whose_tail_is_still_zeros_is_an_error(name: str) -> None:
    content = FILES[name]
    half = len(content) // 2
    assert error_of(content[:half] + bytes(len(content) - half), name) is not None


@pytest.mark.parametrize("name", ["baseline.jpg", "jpeg.tif", "lossy.webp", "lossless.webp"])
def test_a_hole_in_a_file_is_an_error(name: str) -> None:
    content = FILES[name]
    half = len(content) // 2
    assert error_of(content[:half] + bytes(512) + content[half + 512 :], name) is not None


PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


@pytest.mark.parametrize("passes", [[(0, 0, 1, 1)], PASSES], ids=["in order", "interlaced"])
def test_a_png_with_too_few_rows_is_an_error_though_every_checksum_is_right(passes: list[Any]) -> None:
    parts = [PIXELS[top::down, left::across] for left, top, across, down in passes]
    rows = [b"\0" + row.tobytes() for part in parts for row in part]

    def png(rows: list[bytes]) -> bytes:
        header = struct.pack(">IIBBBBB", PIXELS.shape[1], PIXELS.shape[0], 8, 0, 0, 0, len(passes) > 1)
        chunks = (b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b"")
        return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)

    assert error_of(png(rows), "scan.png") is None
    for missing in (1, 20):
        error = error_of(png(rows[:-missing]), "scan.png")
        assert error is not None
        assert "truncated" in str(error)


def test_a_png_whose_last_rows_are_black_is_whole() -> None:
    pixels = PIXELS.copy()
    pixels[-30:] = 0
    assert error_of(encode(pixels, "PNG"), "scan.png") is None


def test_pixels_beyond_their_palette_are_an_error() -> None:
    content = encode(PIXELS, "PNG", "P")
    assert error_of(content, "scan.png") is None
    start = content.index(b"PLTE")
    (length,) = struct.unpack(">I", content[start - 4 : start])
    rest = content[start + 4 + length + 4 :]
    error = error_of(content[: start - 4] + png_chunk(b"PLTE", bytes(range(90))) + rest, "scan.png")
    assert error is not None
    assert "palette" in str(error)


@pytest.mark.parametrize("name", ["grey.png", "baseline.jpg", "plain.tif", "grey.bmp"])
def test_a_reason_is_the_same_in_every_run(name: str) -> None:
    for length in (8, 20, 40):
        assert "0x" not in str(error_of(FILES[name][:length], name))


@pytest.mark.parametrize("part", [0.3, 0.5, 0.8])
def test_a_changed_byte_in_a_png_is_an_error(part: float) -> None:
    content = bytearray(FILES["grey.png"])
    content[int(len(content) * part)] ^= 0x10
    assert error_of(bytes(content), "grey.png") is not None


@pytest.mark.parametrize("name", sorted(FILES))
def test_damage_prints_nothing(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    for missing in (20, len(FILES[name]) // 10):  # 20: within a TIFF's directory
        list(read_frames(FILES[name][:-missing], name))
    half = len(FILES[name]) // 2
    list(read_frames(FILES[name][:half] + bytes(64) + FILES[name][half + 64 :], name))
    assert capfd.readouterr() == ("", "")


@given(name=NAMES, share=st.floats(0, 1), changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255))))
@settings(max_examples=200, deadline=None)
def test_mutated_files_always_give_frames_and_never_raise(
    name: str, share: float, changes: list[tuple[float, int]]
) -> None:
    content = bytearray(FILES[name])
    for where, value in changes:
        content[int(where * (len(content) - 1))] = value
    frames = list(islice(read_frames(bytes(content[: int(len(content) * share)]), name), 100))
    assert 1 <= len(frames) < 100
    for frame in frames:
        assert (frame.pixels is None) != (frame.error is None)
        if frame.pixels is not None:
            assert frame.pixels.dtype == np.uint8
            assert frame.pixels.ndim == 2


@given(content=st.binary(max_size=200), start=st.sampled_from([b"", b"BM", b"\x89PNG\r\n\x1a\n", b"II*\0"]))
@settings(deadline=None)
def test_arbitrary_bytes_give_one_error(content: bytes, start: bytes) -> None:
    error = error_of(start + content, "scan.png")
    assert error is not None
    assert error.status == "error"


def test_content_that_never_was_an_image_is_rejected() -> None:
    error = error_of(b"dear colleague", "letter.txt")
    assert error is not None
    assert error.status == "rejected"


def test_a_gif_in_a_png_suffix_is_no_image_that_edgect_reads() -> None:
    error = error_of(encode(PIXELS, "GIF"), "scan.png")
    assert error is not None
    assert "not an image" in str(error)


def bomb(form: str) -> bytes:
    if form == "PNG":
        return bomb_png()
    content = bytearray(FILES["grey.bmp" if form == "BMP" else "baseline.jpg"])
    if form == "BMP":
        struct.pack_into("<ii", content, 18, 60_000, 60_000)
    else:
        start = content.index(b"\xff\xc0")  # SOF0: marker 2, length 2, precision 1, height 2, width 2
        struct.pack_into(">HH", content, start + 5, 60_000, 60_000)
    return bytes(content)


@pytest.mark.parametrize("form", ["PNG", "BMP", "JPEG"])
def test_a_bomb_is_refused_by_its_header(form: str) -> None:
    error = error_of(bomb(form), f"bomb.{form.lower()}")
    assert error is not None
    assert error.status == "error"
    assert "over the limit" in str(error)


def test_the_limit_on_pixels_holds_exactly() -> None:
    content = FILES["grey.png"]
    (at,) = read_frames(content, limits=Limits(pixels=PIXELS.size))
    (over,) = read_frames(content, limits=Limits(pixels=PIXELS.size - 1))
    assert at.error is None
    assert "over the limit" in str(over.error)


def test_a_false_count_of_frames_does_not_flood_the_output() -> None:
    content = FILES["grey.png"]
    count = png_chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0))  # two thousand million frames, none there
    frames = list(islice(read_frames(content[:33] + count + content[33:], "scan.png"), 1000))
    assert len(frames) < 1000
