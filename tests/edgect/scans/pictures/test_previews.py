"""A file that holds a picture and previews of it is one slice: the picture."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from edgect.scans import Frame, read_frames
from tests.edgect.synthetic import body, encode

PICTURE = body(0, 96, 120)
PREVIEW = body(1, 48, 60)
KIND, OLD_KIND, SUBFILES, DEPTH, SAMPLES = 254, 255, 330, 32997, 339


def frames(content: bytes) -> list[Frame]:
    return list(read_frames(content, "scan"))


def mpo() -> bytes:
    return encode(PICTURE, "MPO", save_all=True, append_images=[Image.fromarray(PREVIEW)])


def test_a_phone_s_preview_behind_its_picture_is_no_slice() -> None:
    (frame,) = frames(mpo())
    assert frame.index is None
    assert frame.pixels is not None
    assert frame.pixels.shape == PICTURE.shape


@pytest.mark.parametrize("left", [300, 20])
def test_a_preview_that_is_cut_costs_no_picture(left: int) -> None:
    content = mpo()
    second = content.index(b"\xff\xd8\xff", 2)
    (frame,) = frames(content[: second + left])
    assert frame.error is None


def test_a_picture_that_is_cut_is_not_made_good_by_its_preview() -> None:
    content = mpo()
    second = content.index(b"\xff\xd8\xff", 2)
    for damaged in (
        content[: second // 2] + content[second:],
        content[: second // 2] + bytes(99) + content[second:],
    ):
        (frame,) = frames(damaged)
        assert frame.error is not None
        assert frame.error.status == "error"


def tiff(*pages: tuple[np.ndarray[tuple[int, ...], np.dtype[np.uint8]], dict[int, int]]) -> bytes:
    images = []
    for pixels, tags in pages:
        image = Image.fromarray(pixels)
        directory = ImageFileDirectory_v2()
        for tag, value in tags.items():
            directory.tagtype[tag] = 4 if tag != OLD_KIND else 3
            directory[tag] = value
        image.encoderinfo = {"tiffinfo": directory}
        images.append(image)
    file = io.BytesIO()
    images[0].save(
        file, "TIFF", save_all=True, append_images=images[1:], tiffinfo=images[0].encoderinfo["tiffinfo"]
    )
    return file.getvalue()


@pytest.mark.parametrize("tags", [{KIND: 1}, {OLD_KIND: 2}, {KIND: 4}, {KIND: 5}])
@pytest.mark.parametrize("first", [False, True])
def test_a_tiff_s_reduced_page_or_mask_is_no_slice(tags: dict[int, int], first: bool) -> None:
    pages = [(PICTURE, {KIND: 0}), (PREVIEW, tags)]
    (frame,) = frames(tiff(*(pages[::-1] if first else pages)))
    assert frame.index is None
    np.testing.assert_array_equal(frame.pixels, PICTURE)


def test_pages_keep_their_numbers_beside_previews() -> None:
    decoded = frames(tiff((PICTURE, {KIND: 2}), (PREVIEW, {KIND: 1}), (PICTURE[::-1], {KIND: 2})))
    assert [frame.index for frame in decoded] == [0, 2]
    np.testing.assert_array_equal(decoded[1].pixels, PICTURE[::-1])


def test_pages_that_all_say_that_they_are_reduced_are_slices() -> None:
    assert [frame.error for frame in frames(tiff((PICTURE, {KIND: 1}), (PREVIEW, {KIND: 1})))] == [None, None]


@pytest.mark.parametrize(
    ("tags", "reason"),
    [({KIND: 1, SUBFILES: 8}, "a preview"), ({DEPTH: 5}, "5 planes"), ({SAMPLES: 2}, "signed values")],
)
def test_a_page_that_is_not_what_its_pixels_say_is_rejected(tags: dict[int, int], reason: str) -> None:
    (frame,) = frames(tiff((PICTURE, tags)))
    assert frame.error is not None
    assert frame.error.status == "rejected"
    assert reason in str(frame.error)
