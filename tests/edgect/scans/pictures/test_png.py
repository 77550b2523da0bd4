"""Whatever of a PNG was changed on its way, its picture is not used."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from edgect.scans import read_frames
from tests.edgect.synthetic import body, encode, png_chunk

PIXELS = body(0, 48, 64)
CONTENT = encode(PIXELS, "PNG")
END = png_chunk(b"IEND", b"")


def reason(content: bytes) -> str:
    (frame,) = read_frames(content, "scan.png")
    if frame.error is None:
        np.testing.assert_array_equal(frame.pixels, PIXELS)
        return ""
    assert frame.error.status == "error"
    return str(frame.error)


def test_every_byte_of_the_picture_s_data_counts() -> None:
    start = CONTENT.index(b"IDAT") + 4
    for place in range(start, len(CONTENT) - len(END), 41):
        changed = bytearray(CONTENT)
        changed[place] ^= 1
        assert "damaged" in reason(bytes(changed)), place


def test_a_note_behind_the_picture_is_read_over_unless_it_is_damaged() -> None:
    note = png_chunk(b"tEXt", b"Comment\0a note")
    assert CONTENT.endswith(END)
    assert reason(CONTENT[: -len(END)] + note + END) == ""
    assert "tEXt" in reason(CONTENT[: -len(END)] + note.replace(b"a note", b"b note") + END)


def test_what_follows_the_end_does_not_matter() -> None:
    assert reason(CONTENT + b"and more") == ""


@pytest.mark.parametrize("missing", [5, 8, 11, 12, 13])
def test_a_png_without_its_end_is_truncated(missing: int) -> None:
    assert "truncated" in reason(CONTENT[:-missing])


def test_an_end_that_lacks_its_checksum_costs_no_picture() -> None:
    assert reason(CONTENT[:-4]) == ""


def test_a_chunk_longer_than_the_file_is_damage() -> None:
    long = struct.pack(">I", 2**31 - 1) + b"tEXtComment"
    assert "damaged" in reason(CONTENT[: -len(END)] + long + END)
