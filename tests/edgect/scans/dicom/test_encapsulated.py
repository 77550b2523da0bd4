"""Pixel data of odd lengths, and offset tables that are not true: read where they can be, else refused."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
import pytest
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.pixels import get_encoder
from pydicom.uid import UID

from edgect.scans import Window, read_frames
from tests.edgect.scans.dicom_files import ct, enhanced, hounsfield, in_syntax, write

VOLUME = [hounsfield(seed) for seed in range(3)]
SYNTAXES = [uid.RLELossless, uid.JPEG2000Lossless]


def compressed(dataset: Dataset, syntax: UID) -> list[bytes]:
    encoder, size = get_encoder(syntax), 2 * dataset.Rows * dataset.Columns
    frames = (
        encoder.encode(
            dataset.PixelData[start : start + size],
            rows=dataset.Rows,
            columns=dataset.Columns,
            number_of_frames=1,
            samples_per_pixel=1,
            bits_allocated=16,
            bits_stored=16,
            pixel_representation=0,
            photometric_interpretation="MONOCHROME2",
        )
        for start in range(0, len(dataset.PixelData), size)
    )
    return [frame + b"\0" * (len(frame) % 2) for frame in frames]


def item(content: bytes) -> bytes:
    return struct.pack("<HHL", 0xFFFE, 0xE000, len(content)) + content


def with_table(fragments: Sequence[bytes], offsets: Sequence[int]) -> bytes:
    return item(struct.pack(f"<{len(offsets)}L", *offsets)) + b"".join(map(item, fragments))


def offsets_of(fragments: Sequence[bytes]) -> list[int]:
    return [sum(len(before) + 8 for before in fragments[:number]) for number in range(len(fragments))]


def file_of(dataset: Dataset, pixel_data: bytes, syntax: UID) -> bytes:
    dataset.PixelData = pixel_data
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    return write(dataset, syntax)


def in_three(frame: bytes) -> list[bytes]:
    size = len(frame) // 6 * 2
    return [frame[:size], frame[size : 2 * size], frame[2 * size :]]


def check(content: bytes, volume: Sequence[object] = VOLUME[:1]) -> None:
    frames = list(read_frames(content))
    assert [frame.error for frame in frames] == [None] * len(volume)
    for frame, values in zip(frames, volume, strict=True):
        np.testing.assert_array_equal(frame.pixels, Window().grey(values))  # type: ignore[arg-type]


def error_of(content: bytes) -> str:
    (frame,) = read_frames(content)
    assert frame.error is not None
    assert frame.error.status == "error"
    return str(frame.error)


@pytest.mark.parametrize("excess", [b"\xab" * 2, b"\xab" * 64, bytes(2), bytes(512), bytes(20_000)], ids=len)
@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian])
def test_bytes_after_the_last_pixel_are_ignored(excess: bytes, syntax: UID) -> None:
    dataset = ct(VOLUME[0])
    dataset.PixelData += excess
    check(write(dataset, syntax))


@pytest.mark.parametrize(
    "junk", [b"\xff", bytes(7), b"garbage" * 20, b" " * 100, bytes(2_000_000), write(ct(VOLUME[1]))], ids=len
)
@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.RLELossless])
def test_whatever_follows_the_pixel_data_is_not_read(junk: bytes, syntax: UID) -> None:
    dataset = ct(VOLUME[0])
    if syntax == uid.RLELossless:
        check(file_of(dataset, encapsulate(compressed(dataset, syntax)), syntax) + junk)
    else:
        check(write(dataset) + junk)


def test_bytes_for_rows_or_frames_more_are_not() -> None:
    """Rows, columns or frames are not what the header says then."""
    dataset = ct(VOLUME[0])
    dataset.PixelData *= 2
    assert "43,008 bytes of pixel data, where 112x96, 1 times, makes 21,504" in error_of(write(dataset))
    for changes in ({"Rows": 48}, {"Rows": 95}, {"Columns": 110}):
        assert "bytes of pixel data, where" in error_of(write(ct(VOLUME[0], **changes)))


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_picture_more_is_not(syntax: UID) -> None:
    dataset = ct(VOLUME[0])
    frames = compressed(dataset, syntax) * 2
    for table in ([], offsets_of(frames), [0]):
        data = with_table(frames, table)
        assert "pictures for 2 frames where its header says 1" in error_of(file_of(dataset, data, syntax))


def test_too_few_bytes_are_an_error_still() -> None:
    dataset = ct(VOLUME[0])
    dataset.PixelData = dataset.PixelData[:-2]
    assert "pixel data cannot be decoded, truncated" in error_of(write(dataset))


@pytest.mark.parametrize("number", [None, 0, "", 1])
@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, *SYNTAXES])
def test_no_number_of_frames_is_that_of_a_single_one(number: int | str | None, syntax: UID) -> None:
    dataset = ct(VOLUME[0])
    dataset.NumberOfFrames = number
    if syntax in SYNTAXES:
        check(file_of(dataset, encapsulate(compressed(dataset, syntax)), syntax))
    else:
        check(write(dataset, syntax))


def test_a_negative_number_of_frames_is_an_error() -> None:
    assert "NumberOfFrames" in error_of(write(ct(NumberOfFrames=-1)))


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("table", ["of fragments", "empty", "of another file", "of one"])
def test_the_fragments_of_a_single_frame_are_one_whatever_the_table_says(syntax: UID, table: str) -> None:
    dataset = ct(VOLUME[0])
    fragments = in_three(compressed(dataset, syntax)[0])
    right = offsets_of(fragments)
    tables = {"of fragments": right, "empty": [], "of another file": [0, 9000, 18000], "of one": [0]}
    check(file_of(dataset, with_table(fragments, tables[table]), syntax))


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_frame_where_the_table_should_be_is_a_frame(syntax: UID) -> None:
    dataset = ct(VOLUME[0])
    data = b"".join(map(item, in_three(compressed(dataset, syntax)[0])))
    check(file_of(dataset, data, syntax))


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("table", ["right", "empty", "of another file", "in disorder", "cut"])
def test_frames_of_one_fragment_each(syntax: UID, table: str) -> None:
    dataset = enhanced(VOLUME)
    frames = compressed(dataset, syntax)
    right = offsets_of(frames)
    tables = {
        "right": right,
        "empty": [],
        "of another file": [0, 8, 16],
        "in disorder": right[::-1],
        "cut": [0],
    }
    check(file_of(dataset, with_table(frames, tables[table]), syntax), VOLUME)


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("table", ["right", "of fragments", "empty"])
def test_frames_of_three_fragments_each(syntax: UID, table: str) -> None:
    dataset = enhanced(VOLUME)
    fragments = [part for frame in compressed(dataset, syntax) for part in in_three(frame)]
    offsets = offsets_of(fragments)
    tables = {"right": offsets[::3], "of fragments": offsets, "empty": []}
    check(file_of(dataset, with_table(fragments, tables[table]), syntax), VOLUME)


def test_frames_that_nothing_tells_apart_are_an_error() -> None:
    """Two beginnings of pictures, for three frames."""
    dataset = enhanced(VOLUME)
    frames = compressed(dataset, uid.RLELossless)
    fragments = [*in_three(frames[0]), *in_three(frames[1] + frames[2])]
    content = file_of(dataset, with_table(fragments, offsets_of(fragments)), uid.RLELossless)
    assert [frame.error and frame.error.status for frame in read_frames(content)] == ["error"] * 3


def test_an_extended_offset_table_is_used() -> None:
    dataset = enhanced(VOLUME)
    data, offsets, lengths = encapsulate_extended(compressed(dataset, uid.RLELossless))
    dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths = offsets, lengths
    check(file_of(dataset, data, uid.RLELossless), VOLUME)
    dataset.ExtendedOffsetTable = bytes(24)
    check(file_of(dataset, data, uid.RLELossless), VOLUME)


@pytest.mark.parametrize("order", [1, -1])
def test_frames_of_unlike_lengths_are_met_by_their_extended_offsets(order: int) -> None:
    """The first compresses much better than the second, or much worse."""
    volume = [np.where(VOLUME[0] < -500, -1000, 40).astype(np.int16), VOLUME[1]][::order]
    dataset = enhanced(volume)
    data, offsets, lengths = encapsulate_extended(compressed(dataset, uid.RLELossless))
    dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths = offsets, lengths
    check(file_of(dataset, data, uid.RLELossless), volume)


def test_a_frame_too_few_leaves_the_others() -> None:
    dataset = enhanced(VOLUME)
    frames = compressed(dataset, uid.JPEG2000Lossless)[:2]
    content = file_of(dataset, with_table(frames, offsets_of(frames)), uid.JPEG2000Lossless)
    assert [frame.error is None for frame in read_frames(content)] == [True, True, False]


def test_a_fragment_cut_short_is_an_error() -> None:
    dataset = ct(VOLUME[0])
    (frame,) = compressed(dataset, uid.JPEG2000Lossless)
    content = file_of(dataset, encapsulate([frame[: len(frame) // 4 * 2]]), uid.JPEG2000Lossless)
    assert "truncated" in error_of(content)


def test_pixels_that_are_not_compressed_as_their_syntax_says_are_an_error() -> None:
    assert "not encapsulated" in error_of(in_syntax(write(ct(VOLUME[0])), uid.JPEG2000Lossless))


def segments(planes: Sequence[bytes]) -> bytes:
    """An RLE frame of these segments."""
    offsets = [64 + sum(map(len, planes[:number])) for number in range(len(planes))]
    return struct.pack("<16L", len(planes), *offsets, *[0] * (15 - len(planes))) + b"".join(planes)


@pytest.mark.parametrize("zeros", [1, 2, 16, 512])
def test_segments_of_rle_may_be_padded_with_zeros(zeros: int) -> None:
    dataset = ct(VOLUME[0])
    (frame,) = compressed(dataset, uid.RLELossless)
    _, first, second = struct.unpack_from("<3L", frame)
    padded = segments([frame[first:second] + bytes(zeros), frame[second:] + bytes(zeros)])
    check(file_of(dataset, encapsulate([padded + b"\0" * (len(padded) % 2)]), uid.RLELossless))


@pytest.mark.parametrize("rest", [b"\x01\x02\x03\x04", b"\xf0\x07"])
def test_pixels_left_over_in_a_segment_of_rle_are_damage(rest: bytes) -> None:
    dataset = ct(VOLUME[0])
    (frame,) = compressed(dataset, uid.RLELossless)
    assert "non-conformant" in error_of(file_of(dataset, encapsulate([frame + rest]), uid.RLELossless))
