"""RLE segments that are longer than their pixels (PS3.5, G)."""

from __future__ import annotations

from struct import unpack_from


def is_padded(frame: bytes, pixels: int) -> bool:
    """Whether each segment ends a run with the last pixel, and then holds nothing but zeros.

    Else a run is longer or shorter than it was, and all that follow are out of place.
    """
    count, *offsets = unpack_from("<16L", frame)
    for start, end in zip(offsets[:count], [*offsets[1:count], len(frame)], strict=True):
        at, end, left = start, min(end, len(frame)), pixels
        while left > 0 and at < end:
            control = frame[at]
            if control < 128:  # so many bytes as they are, and one more
                at, left = at + control + 2, left - control - 1
            else:  # one byte, several times; 128 is none
                at, left = at + 1 + (control > 128), left - (257 - control) * (control > 128)
        if left or frame[at:end].strip(b"\0"):
            return False
    return True
