from __future__ import annotations

import os
import struct
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from edgect.errors import ScanError
from edgect.scans import Frame, read_bytes, read_frames, read_slice
from tests.edgect.synthetic import body, encode, write_scan

PIXELS = body(0, 48, 64)


def only(content: bytes, name: str = "scan.png") -> Frame:
    frames = list(read_frames(content, name))
    assert len(frames) == 1
    return frames[0]


def refusal(content: bytes, name: str = "scan.png") -> ScanError:
    frame = only(content, name)
    assert frame.pixels is None
    assert frame.error is not None
    return frame.error


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P"])
@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP", "WEBP"])
def test_lossless_grey_survives_exactly(form: str, mode: str) -> None:
    content = encode(PIXELS, form, mode, **({"lossless": True} if form == "WEBP" else {}))
    frame = only(content)
    assert frame.index is None
    assert frame.pixels is not None
    assert frame.pixels.dtype == np.uint8
    np.testing.assert_array_equal(frame.pixels, PIXELS)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_survives_nearly(mode: str, progressive: bool) -> None:
    pixels = only(encode(PIXELS, "JPEG", mode, quality=95, progressive=progressive)).pixels
    assert pixels is not None
    assert np.abs(pixels.astype(int) - PIXELS).mean() < 2


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_compressed_tiff_survives_exactly(compression: str) -> None:
    np.testing.assert_array_equal(only(encode(PIXELS, "TIFF", compression=compression)).pixels, PIXELS)


def test_tiff_with_white_as_zero_is_read_as_displayed() -> None:
    content = encode(PIXELS, "TIFF", tiffinfo={262: 0})
    assert Image.fromarray(PIXELS).tobytes() not in content  # stored inverted
    np.testing.assert_array_equal(only(content).pixels, PIXELS)


@pytest.mark.parametrize("mode", ["RGB", "P"])
def test_colour_becomes_luma(mode: str) -> None:
    colours = np.zeros((40, 90, 3), np.uint8)
    for channel in range(3):
        colours[:, channel * 30 : channel * 30 + 30, channel] = 255
    pixels = only(
        encode(Image.fromarray(colours).convert(mode, palette=Image.Palette.ADAPTIVE), "PNG")
    ).pixels
    assert pixels is not None
    assert [int(value) for value in pixels[20, [10, 40, 70]]] == [76, 150, 29]  # ITU-R 601


@pytest.mark.parametrize("form", ["PNG", "TIFF", "WEBP", "JPEG"])
@pytest.mark.parametrize(("orientation", "turns"), [(3, 2), (6, -1), (8, 1)])
def test_exif_orientation_is_applied(form: str, orientation: int, turns: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if form == "WEBP" else {"quality": 95} if form == "JPEG" else {}
    pixels = only(encode(PIXELS, form, exif=exif, **options)).pixels
    upright = np.rot90(PIXELS, turns)
    assert pixels is not None
    assert pixels.shape == upright.shape
    assert np.abs(pixels.astype(int) - upright).mean() < 2


def deep(channels: int, suffix: str) -> bytes:
    values = PIXELS.astype(np.uint16) * 200
    _, content = cv2.imencode(suffix, values if channels == 1 else cv2.merge([values] * channels))
    return content.tobytes()


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bits_are_rejected_not_narrowed(suffix: str, channels: int) -> None:
    error = refusal(deep(channels, suffix))
    assert error.status == "rejected"
    assert "16 bits" in str(error)


@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP"])
def test_one_bit_is_rejected(form: str) -> None:
    assert refusal(encode(PIXELS, form, "1")).status == "rejected"


def test_floating_point_tiff_is_rejected() -> None:
    assert refusal(encode(PIXELS.astype(np.float32), "TIFF")).status == "rejected"


def test_what_is_not_read_is_named() -> None:
    jpeg_ls = b"\xff\xd8\xff\xf7\0\x0b\x08" + struct.pack(">HH", 48, 64) + b"\1\1\x11\0\xff\xd9"
    plain = encode(PIXELS, "TIFF")
    entry = struct.pack("<HHIH", 259, 3, 1, 1)  # of the directory: no compression
    assert entry in plain
    jpeg_2000 = plain.replace(entry, struct.pack("<HHIH", 259, 3, 1, 34712))
    for content, words in ((jpeg_ls, "JPEG-LS"), (jpeg_2000, "TIFF of compression 34712")):
        error = refusal(content)
        assert error.status == "error"
        assert str(error) == f"{words}, which is not read"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (cv2.imencode(".tiff", PIXELS.astype(np.float64))[1].tobytes(), "64 bits"),
        (encode(Image.new("LAB", (64, 64), (9, 99, 200)), "TIFF"), "colour"),
    ],
)
def test_values_that_are_no_greys_are_rejected(content: bytes, words: str) -> None:
    error = refusal(content)
    assert error.status == "rejected"
    assert words in str(error)


@pytest.mark.parametrize("value", [0, 255])
def test_a_blank_picture_is_rejected(value: int) -> None:
    error = refusal(encode(np.full((64, 64), value, np.uint8), "PNG"))
    assert error.status == "rejected"
    assert "blank" in str(error)


def test_too_small_a_picture_is_rejected() -> None:
    assert refusal(encode(body(0, 31, 400), "PNG")).status == "rejected"
    assert only(encode(body(0, 32, 32), "PNG")).error is None


@pytest.mark.parametrize("form", ["TIFF", "WEBP", "PNG"])
def test_several_frames_come_one_by_one(form: str) -> None:
    pages = [body(seed, 48, 64) for seed in range(3)]
    rest = [Image.fromarray(page) for page in pages[1:]]
    options = {"lossless": True} if form == "WEBP" else {}
    frames = list(read_frames(encode(pages[0], form, save_all=True, append_images=rest, **options)))
    assert [frame.index for frame in frames] == [0, 1, 2]
    for frame, page in zip(frames, pages, strict=True):
        np.testing.assert_array_equal(frame.pixels, page)
    assert not any(np.array_equal(page, next_page) for page, next_page in pairwise(pages))


def test_a_page_that_cannot_be_used_does_not_stop_the_others() -> None:
    rest = [Image.fromarray(PIXELS.astype(np.uint16) * 200), Image.fromarray(body(1, 64, 48))]
    frames = list(read_frames(encode(PIXELS, "TIFF", save_all=True, append_images=rest)))
    assert [frame.error.status if frame.error else "ok" for frame in frames] == ["ok", "rejected", "ok"]
    assert frames[2].pixels is not None
    assert frames[2].pixels.shape == (64, 48)


def test_read_slice_reads_one_picture_whatever_its_suffix(tmp_path: Path) -> None:
    np.testing.assert_array_equal(read_slice(write_scan(tmp_path / "IM0001")), body())


def test_read_slice_refuses_several_frames_and_names_the_file(tmp_path: Path) -> None:
    rest = [Image.fromarray(body(1, 48, 64))]
    (tmp_path / "two.tif").write_bytes(encode(PIXELS, "TIFF", save_all=True, append_images=rest))
    with pytest.raises(ScanError, match=r"two\.tif.*2 frames"):
        read_slice(tmp_path / "two.tif")


def test_read_slice_keeps_the_status_of_what_it_refuses(tmp_path: Path) -> None:
    (tmp_path / "deep.png").write_bytes(deep(1, ".png"))
    with pytest.raises(ScanError, match=r"deep\.png") as raised:
        read_slice(tmp_path / "deep.png")
    assert raised.value.status == "rejected"


def test_a_pipe_is_rejected_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(ScanError, match="not a regular file") as raised:
        read_bytes(str(tmp_path / "pipe.png"))
    assert raised.value.status == "rejected"


def test_a_file_over_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.png").open("wb") as file:
        file.truncate(2**40)  # sparse: reading it would not fit into memory
    with pytest.raises(ScanError, match="over the limit"):
        read_bytes(str(tmp_path / "huge.png"))


@pytest.mark.parametrize("kind", ["missing", "loop", "folder", "empty"])
def test_what_cannot_be_read_is_an_error(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "scan.png"
    if kind == "loop":
        path.symlink_to(path)
    if kind == "folder":
        path.mkdir()
    if kind == "empty":
        path.touch()
    with pytest.raises(ScanError) as raised:
        read_bytes(str(path))
    assert raised.value.status == "error"
