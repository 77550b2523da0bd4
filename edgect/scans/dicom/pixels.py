"""Stored values, frame by frame: one is decoded when it is asked for, and none is guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels.utils import as_pixel_options
from pydicom.uid import UID, ExplicitVRBigEndian

from edgect.errors import ScanError
from edgect.scans.decoder_logs import silenced
from edgect.scans.dicom import codestream
from edgect.scans.dicom.codecs import JPEG, JPEG_LS, Codec, codec
from edgect.scans.dicom.dataset import value
from edgect.scans.dicom.encapsulated import Encapsulated
from edgect.scans.dicom.stored import Stored
from edgect.scans.options import Limits

ALLOCATED_BITS = (8, 16, 32)
HARMLESS_WARNINGS = (  # of what pydicom warns of: these pixels are as they should be
    "bytes of excess padding",  # after the last pixel (PS3.5, 8.1.1)
    "'Number of Frames' is invalid",  # empty or 0, of a single frame
    "matches the expected number for uncompressed data",  # by chance
)
RLE_EXCESS = "non-conformant padding"  # of a segment of RLE
# of both kinds of grey, which are decoded alike
_GREY = {"pixel_keyword": "PixelData", "photometric_interpretation": "MONOCHROME2"}
_NO_BUFFER = "gdcm: 'NoneType' object has no attribute 'encode'"  # of pydicom's plug-in, where GDCM fails


class Pixels:
    """The frames of a data set. count: how many there are.

    Raises ScanError: over a limit, a description that cannot be, a transfer syntax without a decoder.
    """

    def __init__(self, dataset: Dataset, syntax: UID | None, limits: Limits) -> None:
        self._dataset = dataset
        self.count = (
            _whole_number(dataset, "NumberOfFrames", 1) if value(dataset, "NumberOfFrames") else 1
        )  # not 0
        self._rows, self._columns = _whole_number(dataset, "Rows"), _whole_number(dataset, "Columns")
        self._check_size(limits)
        self._allocated, self._stored = (
            _whole_number(dataset, "BitsAllocated"),
            _whole_number(dataset, "BitsStored"),
        )
        self._shift = self._allocated - 1 - _whole_number(dataset, "HighBit", self._stored - 1)
        if self._allocated not in ALLOCATED_BITS:
            raise ScanError(f"{self._allocated} bits allocated to a pixel: only 8, 16 and 32 are read")
        if not 0 < self._stored <= self._allocated - self._shift:
            raise ScanError(f"damaged: {self._stored} bits stored in {self._allocated} are impossible")
        if self._shift < 0 or value(dataset, "PixelRepresentation") not in (0, 1):
            raise ScanError("damaged: its HighBit or PixelRepresentation is not valid")
        if syntax is None:
            raise ScanError("compressed, but by no transfer syntax that is stated")
        self._syntax = syntax
        self._codec: Codec = codec(syntax)
        if self._codec.plugin and self._shift != self._allocated - self._stored:
            raise ScanError("damaged: compressed values whose HighBit is not the highest of those stored")

    @property
    def _is_plain(self) -> bool:
        """Whether values stand there as numpy reads them, without a decoder."""
        return self._allocated == 16 and self._syntax != ExplicitVRBigEndian

    def _check_size(self, limits: Limits) -> None:
        if self.count > limits.frames:
            raise ScanError(f"{self.count:,} frames are over {limits.describe('frames')}")
        if self._rows * self._columns > limits.pixels:
            size = f"{self._columns:,}x{self._rows:,}"
            raise ScanError(f"image of {size} is over {limits.describe('pixels')}")

    def __iter__(self) -> Iterator[Callable[[], Stored]]:
        """For every frame what decodes it. Which raises ScanError where there is nothing to decode."""
        for index in range(self.count):
            yield partial(self._decode, index)

    @cached_property
    def _encapsulated(self) -> Encapsulated | ScanError:
        extended = value(self._dataset, "ExtendedOffsetTable")
        try:
            return Encapsulated(self._dataset.PixelData, self.count, extended)
        except ScanError as error:  # of every frame
            return error

    def _encoded(self, index: int) -> bytes:
        if isinstance(self._encapsulated, ScanError):
            raise self._encapsulated
        return self._encapsulated.frame(index)

    def _decode(self, index: int) -> Stored:
        try:
            with silenced as messages:
                stored = self._decompressed(index) if self._codec.plugin else self._native(index)
        except ScanError:
            raise
        except Exception as error:  # decoders raise whatever their parsers meet
            reason = f"pixel data cannot be decoded, truncated or damaged: {_one_line(str(error))}"
            raise ScanError(reason) from error
        if damage := [text for text in messages if not self._is_harmless(text, index)]:
            raise ScanError(f"pixel data damaged: {_one_line(damage[0])}")  # it went on with what it had
        return stored

    def _is_harmless(self, text: str, index: int) -> bool:
        if RLE_EXCESS in text:
            return codestream.is_padded_rle(self._encoded(index), self._rows * self._columns)
        return any(harmless in text for harmless in HARMLESS_WARNINGS)

    def _native(self, index: int) -> Stored:
        source = self._dataset.PixelData
        self._check_excess(source)
        length = self._rows * self._columns * 2
        if self._is_plain and len(source) == length * self.count:
            signed = "i" if value(self._dataset, "PixelRepresentation") else "u"
            words = np.frombuffer(source, f"<{signed}2", length // 2, offset=index * length)
            return Stored.of_words(words.reshape(self._rows, self._columns), self._stored, self._shift)
        decoder_options: Any = {"correct_unused_bits": False}  # which takes no heed of HighBit
        element = {"pixel_vr": self._dataset["PixelData"].VR, **_GREY}
        options = as_pixel_options(self._dataset, number_of_frames=self.count, **element)
        words, _ = self._codec.decoder.as_array(source, index=index, raw=True, **decoder_options, **options)
        return Stored.of_words(words, self._stored, self._shift)

    def _check_excess(self, source: bytes) -> None:
        """Padding is short, or zeros: more says that there are more rows or frames than the header does."""
        row = self._columns * self._allocated // 8
        needed = row * self._rows * self.count
        if len(source) - needed >= row * self._rows or 2 * len(source[needed:].rstrip(b"\0")) >= row:
            length, size = len(source), f"{self._columns:,}x{self._rows:,}, {self.count:,} times"
            raise ScanError(f"damaged: {length:,} bytes of pixel data, where {size}, makes {needed:,}")

    def _decompressed(self, index: int) -> Stored:
        frame = self._encoded(index)
        precision = codestream.check_frame(frame, self._syntax, self._rows, self._columns)
        if precision > self._allocated:
            raise ScanError(f"damaged: {precision} bits a sample, of which {self._allocated} are stored")
        if self._syntax in (*JPEG, *JPEG_LS):
            from edgect.scans.dicom import jpeg  # only where there is GDCM

            samples = jpeg.decode(frame, self._syntax, self._rows, self._columns, precision)
            signed = "i" if value(self._dataset, "PixelRepresentation") else "u"
            return Stored.of_samples(samples.astype(f"{signed}{self._allocated // 8}"), self._stored)
        options = as_pixel_options(self._dataset, number_of_frames=1, **_GREY)
        options.pop("extended_offsets", None)
        samples, _ = self._codec.decoder.as_array(
            encapsulate([frame], has_bot=False),
            index=0,
            raw=True,
            decoding_plugin=self._codec.plugin,
            **options,
        )
        return Stored.of_samples(samples, self._stored)


def _whole_number(dataset: Dataset, keyword: str, missing: int | None = None) -> int:
    number = value(dataset, keyword)
    number = missing if number is None else number
    if not isinstance(number, int) or number < (0 if keyword == "HighBit" else 1):
        raise ScanError(f"damaged: its {keyword} is not a valid number")
    return int(number)


def _one_line(text: str) -> str:
    """What a decoder says, on one line and not all of it; no address in memory, which no two runs share."""
    message = text.rpartition("available plugins:")[2].replace(_NO_BUFFER, "GDCM cannot decode them")
    return " ".join(re.sub(r"<[^<>]*>|0x[0-9a-fA-F]{6,}", "", message).split())[:200]
