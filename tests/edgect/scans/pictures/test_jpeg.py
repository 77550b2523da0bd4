"""A JPEG's picture ends where its own data do, and is used only if they are all there."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from edgect.errors import ScanError
from edgect.scans import read_frames
from tests.edgect.synthetic import body, encode

END = b"\xff\xd9"
KINDS = {
    "baseline": {},
    "optimised": {"optimize": True},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_rows": 1},
}
TRAILERS = {
    "film": b"\0\0\0\x18ftypmp42\0\0\0\0isom" + bytes(range(256)) * 40 + END + b"\0\0moov",
    "picture": encode(body(1, 64, 64), "JPEG"),
    "note": b"a note" + END,
}


@cache
def jpeg(kind: str = "baseline", mode: str = "RGB") -> bytes:
    return encode(body(0, 160, 200), "JPEG", mode, quality=85, **KINDS[kind])


def error_of(content: bytes) -> ScanError | None:
    (frame,) = read_frames(content, "scan.jpg")
    return frame.error


def scan_of(content: bytes) -> int:
    """Where the coded data of the first scan begin."""
    start = content.index(b"\xff\xda")
    return start + 2 + int.from_bytes(content[start + 2 : start + 4])


def whole(content: bytes, kind: str = "baseline", mode: str = "RGB") -> bool:
    """Whether it is read, as the picture that it is damaged or changed from."""
    (frame,) = read_frames(content, "scan.jpg")
    (before,) = read_frames(jpeg(kind, mode), "scan.jpg")
    return frame.pixels is not None and np.array_equal(frame.pixels, np.asarray(before.pixels))


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_one_is_read(kind: str, mode: str) -> None:
    assert error_of(jpeg(kind, mode)) is None


@pytest.mark.parametrize("trailer", TRAILERS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_follows_its_end_does_not_matter(kind: str, trailer: str) -> None:
    assert whole(jpeg(kind) + TRAILERS[trailer], kind)


@pytest.mark.parametrize("trailer", TRAILERS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_end_of_what_follows_is_not_its_own(kind: str, trailer: str) -> None:
    content = jpeg(kind)
    for part in (0.4, 0.9):
        assert error_of(content[: int(len(content) * part)] + TRAILERS[trailer]) is not None


# where the code falls into step again and ends in the right place, nothing can be told; here it does not
@given(
    kind=st.sampled_from(sorted(KINDS)),
    mode=st.sampled_from(["L", "RGB"]),
    part=st.floats(0.02, 0.98),
    fill=st.sampled_from([b"", b"\0", b"\xff"]),
)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_one_that_is_filled_up_to_its_end_is_an_error(kind: str, mode: str, part: float, fill: bytes) -> None:
    content = jpeg(kind, mode)
    start = scan_of(content)
    cut_at = start + int((len(content) - 2 - start) * part)
    damaged = content[:cut_at] + fill * (len(content) - 2 - cut_at) + END
    assert error_of(damaged) is not None or whole(damaged, kind, mode)


@pytest.mark.parametrize("more", [b"\0" * 16, b"\x5a" * 64, bytes(range(200))])
@pytest.mark.parametrize("kind", KINDS)
def test_more_data_than_its_picture_needs_are_an_error(kind: str, more: bytes) -> None:
    error = error_of(jpeg(kind)[:-2] + more + END)
    assert error is not None
    assert "damaged" in str(error)


def test_one_whose_header_lacks_rows_is_an_error() -> None:
    content = bytearray(jpeg())
    height = content.index(b"\xff\xc0") + 5
    content[height : height + 2] = (80).to_bytes(2)
    assert error_of(bytes(content)) is not None


def test_a_progressive_one_without_its_last_scan_is_an_error() -> None:
    content = jpeg("progressive")
    last = content.rindex(b"\xff\xda")
    assert "scans of the picture are missing" in str(error_of(content[:last] + END))


@pytest.mark.parametrize("change", ["missing", "zeros"])
def test_a_restart_interval_that_is_not_whole_is_an_error(change: str) -> None:
    content = jpeg("restarts")
    start, end = content.index(b"\xff\xd2"), content.index(b"\xff\xd3")
    inside = b"" if change == "missing" else content[start : start + 2] + bytes(end - start - 2)
    assert error_of(content[:start] + inside + content[end:]) is not None


def test_fill_bytes_may_stand_before_any_marker() -> None:
    content = jpeg("restarts")
    for marker in (b"\xff\xda", b"\xff\xd0", END):
        content = content.replace(marker, b"\xff\xff" + marker)
    assert whole(content, "restarts")


def test_bytes_between_segments_cost_no_picture() -> None:
    content = jpeg()
    tables = content.index(b"\xff\xdb")
    assert whole(content[:tables] + b"\0\0a" + content[tables:])


def test_a_thumbnail_within_a_segment_is_not_its_end() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a slice"
    thumbnail = encode(body(2, 64, 64), "JPEG")
    segment = b"\xff\xe1" + (len(thumbnail) + 8).to_bytes(2) + b"Exif\0\0" + thumbnail
    content = jpeg()
    assert whole(content[:2] + segment + content[2:])
    assert error_of(content[:2] + segment + content[2 : len(content) // 2]) is not None


def test_parameters_of_a_sequential_scan_are_read_over() -> None:
    content = bytearray(jpeg())
    start = scan_of(bytes(content))
    content[start - 3 : start] = bytes(3)  # as some cameras write them; only progressive scans need them
    assert whole(bytes(content))


def test_twelve_bits_are_rejected_by_their_number() -> None:
    content = bytearray(jpeg())
    content[content.index(b"\xff\xc0") + 4] = 12
    error = error_of(bytes(content))
    assert error is not None
    assert error.status == "rejected"
    assert "12 bits" in str(error)


def scan_header(band: int, bits: int) -> bytes:
    return b"\xff\xda\0\x08\x01\x01\0" + bytes((band, band, bits)) + b"\x2a"


@pytest.mark.parametrize("repeated", [True, False])
def test_thousands_of_scans_are_an_error_before_any_is_decoded(
    repeated: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = jpeg("progressive", "L")
    first = content.index(b"\xff\xda")
    if repeated:
        second = content.index(b"\xff\xda", first + 2)
        content = content[:first] + content[first:second] * 2000 + content[second:]
    else:
        stated = [scan_header(band, bits) for bits in (1, 0) for band in range(1, 64)]
        content = content[:first] + b"".join(stated) + END

    def decoded(_: object) -> None:
        raise AssertionError("its scans were decoded")

    monkeypatch.setattr(JpegImageFile, "load", decoded)
    error = error_of(content)
    assert error is not None
    assert ("a scan repeats another" if repeated else "more than 100 scans") in str(error)
