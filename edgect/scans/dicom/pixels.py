"""Stored values, frame by frame: one is decoded when it is asked for, and none is guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.pixels.utils import as_pixel_options
from pydicom.uid import UID

from edgect.errors import ScanError
from edgect.scans.dicom import codestream
from edgect.scans.dicom.codecs import Codec, codec
from edgect.scans.dicom.dataset import value
from edgect.scans.limits import Limits
from edgect.scans.quiet import quiet

Stored = NDArray[np.integer]
BITS = (8, 16, 32)


class Pixels:
    """The frames of a data set. count: how many there are.

    Raises ScanError: over a limit, a description that cannot be, a transfer syntax without a decoder.
    """

    def __init__(self, dataset: Dataset, syntax: UID | None, limits: Limits) -> None:
        self._dataset = dataset
        self.count = _whole(dataset, "NumberOfFrames", 1)
        self._rows, self._columns = _whole(dataset, "Rows"), _whole(dataset, "Columns")
        self._check_size(limits)
        self._allocated, self._stored = _whole(dataset, "BitsAllocated"), _whole(dataset, "BitsStored")
        self._shift = self._allocated - 1 - _whole(dataset, "HighBit", self._stored - 1)
        if self._allocated not in BITS or not 0 < self._stored <= self._allocated - self._shift:
            raise ScanError(f"damaged: {self._stored} bits stored in {self._allocated} cannot be")
        if self._shift < 0 or value(dataset, "PixelRepresentation") not in (0, 1):
            raise ScanError("damaged: HighBit or PixelRepresentation cannot be")
        if syntax is None:
            raise ScanError("compressed, but by no transfer syntax that is stated")
        self._syntax = syntax
        self._codec: Codec = codec(syntax)
        if self._codec.plugin and self._shift != self._allocated - self._stored:
            raise ScanError("damaged: compressed values whose HighBit is not the highest of those stored")

    def _check_size(self, limits: Limits) -> None:
        if self.count > limits.frames:
            raise ScanError(f"{self.count:,} frames are over {limits.of('frames')}")
        if self._rows * self._columns > limits.pixels:
            size = f"{self._columns:,}x{self._rows:,}"
            raise ScanError(f"image of {size} is over {limits.of('pixels')}")

    def __iter__(self) -> Iterator[Callable[[], Stored]]:
        """For every frame what decodes it: stored values `[rows, columns]`, signed or not as the file says.

        Which raises ScanError where there are none.
        """
        encoded = self._encoded()
        for index in range(self.count):
            yield partial(self._decode, index, None if encoded is None else _taken(encoded))

    def _encoded(self) -> Iterator[bytes] | None:
        if not self._codec.plugin:
            return None
        tables = [value(self._dataset, f"ExtendedOffsetTable{rest}") for rest in ("", "Lengths")]
        return generate_frames(
            self._dataset.PixelData,
            number_of_frames=self.count,
            extended_offsets=None if None in tables else (tables[0], tables[1]),
        )

    def _decode(self, index: int, encoded: bytes | ScanError | None) -> Stored:
        if isinstance(encoded, ScanError):
            raise encoded
        try:
            with quiet as heard:
                stored = self._native(index) if encoded is None else self._decompressed(encoded)
        except ScanError:
            raise
        except Exception as error:  # decoders raise whatever their parsers meet
            reason = f"pixel data cannot be decoded, truncated or damaged: {_plain(str(error))}"
            raise ScanError(reason) from error
        if heard:  # it went on with what it had
            raise ScanError(f"pixel data damaged: {_plain(heard[0])}")
        return stored

    def _native(self, index: int) -> Stored:
        source = self._dataset.PixelData
        element = {"pixel_keyword": "PixelData", "pixel_vr": self._dataset["PixelData"].VR}
        own: Any = {"correct_unused_bits": False}  # which takes no heed of HighBit
        options = as_pixel_options(self._dataset, number_of_frames=self.count, **element)
        stored, _ = self._codec.decoder.as_array(source, index=index, raw=True, **own, **options)
        return _shifted(stored, self._shift, self._allocated - self._stored)

    def _decompressed(self, frame: bytes) -> Stored:
        codestream.check(frame, self._syntax, self._rows, self._columns)
        options = as_pixel_options(self._dataset, number_of_frames=1, pixel_keyword="PixelData")
        options.pop("extended_offsets", None)
        stored, _ = self._codec.decoder.as_array(
            encapsulate([frame], has_bot=False),
            index=0,
            raw=True,
            decoding_plugin=self._codec.plugin,
            **options,
        )
        return stored


def _taken(encoded: Iterator[bytes]) -> bytes | ScanError:
    try:
        frame = next(encoded, None)
    except Exception as error:
        return ScanError(f"pixel data damaged: {_plain(str(error))}")
    return ScanError("pixel data truncated: this frame is missing") if frame is None else frame


def _shifted(stored: NDArray[Any], up: int, down: int) -> Stored:
    """Only the bits that hold the value, the highest of which is any sign (PS3.5, 8.1.1)."""
    return np.asarray(stored << up >> down) if down else stored


def _whole(dataset: Dataset, keyword: str, missing: int | None = None) -> int:
    found = value(dataset, keyword)
    found = missing if found is None else found
    if not isinstance(found, int) or found < (0 if keyword == "HighBit" else 1):
        raise ScanError(f"damaged: its {keyword} is none")
    return int(found)


def _plain(text: str) -> str:
    """What a decoder says, on one line, and not all of it."""
    return " ".join(text.rpartition("available plugins:")[2].split())[:200]
