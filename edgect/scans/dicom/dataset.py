"""A DICOM file's content to the few elements that edgect uses; no other is kept."""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from struct import unpack
from typing import Any

from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag, Tag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)
from pydicom.valuerep import STANDARD_VR

from edgect.errors import ScanError
from edgect.scans.decoder_logs import silenced
from edgect.scans.dicom import series_label
from edgect.scans.options import Limits

KEYWORDS = (
    "SpecificCharacterSet",
    "ImageType",
    "SOPClassUID",
    "SOPInstanceUID",
    "SeriesInstanceUID",
    "StudyInstanceUID",
    "Modality",
    "DirectoryRecordSequence",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "PixelSpacing",
    "PixelAspectRatio",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "RescaleIntercept",
    "RescaleSlope",
    "RescaleType",
    "VolumetricProperties",
    "VolumeBasedCalculationTechnique",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
    "FloatPixelData",
    "DoubleFloatPixelData",
    "PixelData",
)
UNCOMPRESSED = (
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
)
REGISTERED = "1.2.840.10008."  # what UIDs of the standard begin with
MAX_ELEMENTS = 100_000  # of a data set, at most; a CT slice has some two hundred
TRUNCATED = "truncated: the file ends before its elements do"
UNDEFINED = 0xFFFFFFFF
COMPARED_BYTES = 1024  # bytes of a value, which of all but pixel data and sequences is all of it
PIXEL_DATA = Tag("PixelData")
LABELS = (*series_label.KEYWORDS, *series_label.NAMES)  # on which no answer depends
# as plain numbers and texts, which Python compares a good deal faster: they are looked up at every element
_PIXEL_DATA = int(PIXEL_DATA)
_COMPARED = frozenset(int(Tag(keyword)) for keyword in KEYWORDS)
_VR_NAMES = frozenset(map(str, STANDARD_VR))
_VRS = frozenset(name.encode() for name in _VR_NAMES)


def read(
    content: bytes, limits: Limits, keywords: Sequence[str] = (*KEYWORDS, *LABELS)
) -> tuple[Dataset, UID | None]:
    """The elements of `keywords`, and the transfer syntax as far as it is known.

    content: with preamble and file meta information, or without either. A deflated data set may be as
    long as `limits.bytes`. Raises ScanError: the file ends before its elements do, or is no data set.
    """
    file = io.BytesIO(content)
    if content[128:132] == b"DICM":
        file.seek(132)
    meta = Dataset()
    if content[file.tell() : file.tell() + 2] == b"\x02\0":
        # always explicit and little endian (PS3.10, 7.1)
        meta = read_dataset(file, False, True, stop_when=lambda tag, vr, length: tag.group != 2)
    syntax = UID(str(value(meta, "TransferSyntaxUID") or "")) or None
    if syntax == DeflatedExplicitVRLittleEndian:
        file = io.BytesIO(_inflate(content[file.tell() :], limits))
    # what is compressed, is explicit and little endian (PS3.5, A.4); what is not registered, may be anything
    known = syntax is not None and syntax.startswith(REGISTERED)
    encoding = syntax if known else _guess_syntax(content[file.tell() :][:6])
    tags: list[BaseTag | int] = [Tag(keyword) for keyword in keywords]
    dataset = _elements(file, encoding == ImplicitVRLittleEndian, encoding != ExplicitVRBigEndian, tags)
    syntax = syntax or encoding
    if value(dataset, "SOPClassUID") is None and "MediaStorageSOPClassUID" in meta:
        dataset.SOPClassUID = meta.MediaStorageSOPClassUID
    if syntax in UNCOMPRESSED and _is_encapsulated(dataset):
        return dataset, None  # encapsulated, but by what
    return dataset, syntax


def value(dataset: Dataset, keyword: str) -> Any:
    """An element's value, None where it is missing or empty. Raises ScanError where it is malformed."""
    try:
        element = dataset.get(keyword)
    except Exception:  # whose message may quote what the file holds
        raise ScanError(f"damaged: its {keyword} cannot be read") from None
    is_empty = element is None or element == "" or (isinstance(element, Sequence) and not element)
    return None if is_empty else element


def numbers(dataset: Dataset, keyword: str, count: int) -> tuple[float, ...] | None:
    """So many numbers, None where the element is missing. Raises ScanError where they are others."""
    element = value(dataset, keyword)
    if element is None:
        return None
    try:
        parts = [element] if count == 1 else list(element)
        result = tuple(float(part) for part in parts)
    except Exception:
        raise ScanError(f"damaged: its {keyword} is no number") from None
    if len(result) != count:
        raise ScanError(f"damaged: its {keyword} holds {len(result)} numbers instead of {count}")
    return result


def number(dataset: Dataset, keyword: str) -> float | None:
    element = numbers(dataset, keyword, 1)
    return None if element is None else element[0]


def _elements(file: io.BytesIO, implicit: bool, little: bool, tags: list[BaseTag | int]) -> Dataset:
    walk = _ElementWalk(file)
    try:
        with silenced as messages:
            dataset = read_dataset(file, implicit, little, stop_when=walk.stop, specific_tags=tags)
    except ScanError:
        raise
    except EOFError:
        raise ScanError(TRUNCATED) from None
    except Exception as error:  # whose message may quote what the file holds
        raise ScanError(f"damaged: no DICOM data set can be read ({type(error).__name__})") from None
    is_cut_short = PIXEL_DATA not in dataset and walk.end < walk.size  # in the midst of a tag or length
    if is_cut_short or any("end of file" in text.lower() for text in messages):  # it went on with what it had
        raise ScanError(TRUNCATED)
    if walk.duplicate and value(dataset, "Modality") in (None, "CT"):  # what else it is, is refused as that
        raise ScanError(f"damaged: its {walk.duplicate} stands twice, with two values")
    return dataset


class _ElementWalk:
    """What pydicom meets on its way through a data set, up to its pixel data.

    end: of the last element. duplicate: the keyword of an element that stands twice with two values, if any.
    """

    def __init__(self, file: io.BytesIO) -> None:
        self._file, self._content = file, file.getvalue()
        self.size, self.end, self.duplicate = len(self._content), 0, ""
        self._count = self._last = 0
        self._explicit = False
        self._values: dict[int, tuple[int, bytes]] = {}  # and where they begin

    def stop(self, tag: int, vr: str | None, length: int) -> bool:
        """Asked at every element. Raises ScanError where it ends beyond the file, or is one too many."""
        tag = int(tag)
        if self._last == _PIXEL_DATA or tag > _PIXEL_DATA:  # what follows may be anything
            return True
        self._count, self._last = self._count + 1, tag
        if self._count > MAX_ELEMENTS:
            raise ScanError(f"more than {MAX_ELEMENTS:,} elements: no CT slice")
        start = self._file.tell()
        known = vr in _VR_NAMES
        if length != UNDEFINED and start + length > self.size:
            unknown = self._explicit and not known  # so its length is a guess
            raise ScanError("damaged: an element of no known value representation" if unknown else TRUNCATED)
        self._explicit |= known
        self.end = self.size if length == UNDEFINED else start + length
        if tag in _COMPARED:
            self._compare(tag, start, self._content[start : min(self.end, start + COMPARED_BYTES)])
        return False

    def _compare(self, tag: int, start: int, data: bytes) -> None:
        """The first element of a file is looked at twice by pydicom, with a VR and without."""
        previous_start, previous_data = self._values.setdefault(tag, (start, data))
        if start - previous_start > 4 and data != previous_data:
            self.duplicate = keyword_for_tag(tag)


def _inflate(deflated: bytes, limits: Limits) -> bytes:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = stream.decompress(deflated, limits.bytes + 1)
    except zlib.error:
        raise ScanError("damaged: the deflated data set cannot be inflated") from None
    if len(content) > limits.bytes:
        raise ScanError(f"data set is, inflated, over {limits.describe('bytes')}")
    if not stream.eof:
        raise ScanError(TRUNCATED)
    return content


def _guess_syntax(head: bytes) -> UID:
    """How a data set without a transfer syntax is written down, by its first element."""
    if head[4:6] not in _VRS or len(head) < 6:
        return ImplicitVRLittleEndian
    (group,) = unpack("<H", head[:2])
    return ExplicitVRBigEndian if group >= 0x0100 else ExplicitVRLittleEndian


def _is_encapsulated(dataset: Dataset) -> bool:
    element = dataset.get_item("PixelData")
    return element is not None and getattr(element, "length", 0) == UNDEFINED
