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


@dataclass(frozen=True)
class Thumbnails:
    """Of all slices that could be read.

    pixels: float32 `[slices, SIDE * SIDE]`, each of mean 0 and length 1 (or 0, of an even picture).
    places: of each slice's case among the cases, int `[slices]`; a file may hold many slices. failures: by
    the case's place, why a slice of it has none, with the status that its row would have.
    """

    pixels: NDArray[np.float32]
    places: NDArray[np.intp]
    failures: dict[int, ScanError]


def read_thumbnails(cases: Sequence[Case], progress: Callable[[int, int], object]) -> Thumbnails:
    """progress: gets how many files are read, of how many."""
    pixels: list[NDArray[np.float32]] = []
    places: list[int] = []
    failures: dict[int, ScanError] = {}
    progress(0, len(cases))
    with closing(in_order(_slices, [case.path for case in cases], available_cores())) as files:
        for place, (_, slices) in enumerate(files):
            for each in slices:
                if isinstance(each, ScanError):
                    failures.setdefault(place, each)
                else:
                    pixels.append(each)
                    places.append(place)
            progress(place + 1, len(cases))
    flat = np.array(pixels, np.float32).reshape(-1, SIDE * SIDE)
    return Thumbnails(flat, np.array(places, np.intp), failures)


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
