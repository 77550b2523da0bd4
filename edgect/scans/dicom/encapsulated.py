"""Encapsulated pixel data: which fragments make up which frame (PS3.5, A.4)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from struct import unpack_from

from edgect.errors import ScanError

ITEM, DELIMITER = 0xE000FFFE, 0xE0DDFFFE  # as little-endian numbers
STARTS = (b"\xff\xd8", b"\xff\x4f", b"\x00\x00\x00\x0cjP")  # of JPEG, JPEG-LS, JPEG 2000 and JP2
END_MARKER = b"\xff\xd9"  # of JPEG, JPEG-LS and JPEG 2000 alike
_RLE = re.compile(rb"[\x01-\x0f]\0\0\0\x40\0\0\0")  # its header: segments, and where the first begins
Span = tuple[int, int]


class Encapsulated:
    """The frames of encapsulated pixel data.

    data: the element's value. count: of frames. extended: offsets of the Extended Offset Table. Offset
    tables are used where they can be true: many a one lists fragments, or is of another file.

    Raises ScanError: the data are no items.
    """

    def __init__(self, data: bytes, count: int, extended: bytes | None = None) -> None:
        self._data = data
        items = _item_spans(data)
        table = b""
        if items and not _begins_picture(data, *items[0]):  # else there is no table, not even an empty one
            table, items = data[items[0][0] : items[0][1]], items[1:]
        self._fragments = items
        tables = [_numbers(extended or b"", "Q"), _numbers(table, "I")]
        self._pictures = self._beginnings()
        if len(self._pictures) > count:
            pictures = len(self._pictures)
            raise ScanError(f"damaged: pictures for {pictures:,} frames where its header says {count:,}")
        self._first = self._first_fragments(tables, count)

    def frame(self, index: int) -> bytes:
        """Raises ScanError where there is none."""
        if index >= len(self._first):
            raise ScanError("pixel data truncated: this frame is missing")
        ends = [*self._first[1:], len(self._fragments)]
        spans = self._fragments[self._first[index] : ends[index]]
        return b"".join(self._data[start:end] for start, end in spans)

    def _first_fragments(self, tables: Sequence[Sequence[int]], count: int) -> list[int]:
        """The number of each frame's first fragment; empty where nothing tells frames apart."""
        fragments = len(self._fragments)
        origin = self._fragments[0][0] if fragments else 0
        by_offset = {start - origin: number for number, (start, _) in enumerate(self._fragments)}
        for offsets in tables:
            starts = [by_offset.get(offset, -1) for offset in offsets]
            if starts[:1] == [0] and starts == sorted(set(starts)):
                cut_short = len(starts) == fragments < count
                if len(starts) == count or cut_short:
                    return starts
        if fragments == count:
            return list(range(fragments))
        if count == 1:
            return [0] if fragments else []
        # nothing but the pictures themselves can tell
        return self._pictures if len(self._pictures) == count and self._pictures[0] == 0 else []

    def _beginnings(self) -> list[int]:
        """The number of each fragment that begins a picture, where the one before ends one."""
        return [
            number
            for number, (start, end) in enumerate(self._fragments)
            if _begins_picture(self._data, start, end)
            and (
                number == 0
                or _RLE.match(self._data, start, end)
                or END_MARKER in self._data[max(0, start - 8 - 16) : start - 8]
            )
        ]


def _begins_picture(data: bytes, start: int, end: int) -> bool:
    """Whether a picture does so there."""
    return data.startswith(STARTS, start, end) or _RLE.match(data, start, end) is not None


def _item_spans(data: bytes) -> list[Span]:
    """Where the contents of items begin and end."""
    spans: list[Span] = []
    position = 0
    while position + 8 <= len(data):
        tag, length = unpack_from("<II", data, position)
        if tag == DELIMITER:
            break
        if tag != ITEM:
            raise ScanError("damaged: its pixel data are not encapsulated, as its transfer syntax says")
        position += 8 + length
        if position > len(data):
            raise ScanError("pixel data truncated: they end within a frame")
        spans.append((position - length, position))
    return spans


def _numbers(table: bytes, form: str) -> Sequence[int]:
    size = {"I": 4, "Q": 8}[form]
    return unpack_from(f"<{len(table) // size}{form}", table)
