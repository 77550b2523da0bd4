"""Every slice read once, and kept as a thumbnail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgect.errors import ScanError
from edgect.machine.in_order import in_order
from edgect.machine.processor import available_cores
from edgect.scans import read_bytes, read_frames
from edgect.sources.labels import Case

SIDE = 64  # pixels
MOST = 6000  # slices of which thumbnails are kept: 96 MiB


@dataclass(frozen=True)
class Thumbnails:
    """What became of every file when it was read.

    slices: of each case, how many its file holds that could be read. failures: by the case's place, why a
    slice has none, with the status that its row would have. pixels: float32 `[slices, SIDE * SIDE]`, each of
    mean 0 and length 1 (or 0, of an even picture); None where there are more slices than were to be kept.
    """

    slices: Sequence[int]
    failures: dict[int, ScanError]
    pixels: NDArray[np.float32] | None

    @property
    def places(self) -> NDArray[np.intp]:
        """Of each slice's case among the cases, int `[slices]`."""
        return np.repeat(np.arange(len(self.slices)), self.slices)


def read_thumbnails(
    cases: Sequence[Case], progress: Callable[[int, int], object] = lambda done, files: None
) -> Thumbnails:
    """progress: is told how many files are read, of how many."""
    pixels: list[NDArray[np.float32]] = []
    slices = [0] * len(cases)
    failures: dict[int, ScanError] = {}
    progress(0, len(cases))
    with closing(in_order(_slices, [case.path for case in cases], available_cores())) as files:
        for place, (_, results) in enumerate(files):
            for each in results:
                if isinstance(each, ScanError):
                    failures.setdefault(place, each)
                    continue
                slices[place] += 1
                if len(pixels) <= MOST:
                    pixels.append(each)
            progress(place + 1, len(cases))
    if len(pixels) > MOST:
        return Thumbnails(slices, failures, None)
    return Thumbnails(slices, failures, np.array(pixels, np.float32).reshape(-1, SIDE * SIDE))


def _slices(path: str) -> Iterator[NDArray[np.float32] | ScanError]:
    try:
        content = read_bytes(path)
    except ScanError as error:
        yield error
        return
    for frame in read_frames(content, path):
        if frame.pixels is None:
            assert frame.error is not None
            yield frame.error
        else:
            yield _thumbnail(frame.pixels)


def _thumbnail(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    small = cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    small -= small.mean()
    length = float(np.linalg.norm(small))
    return small / length if length else small
