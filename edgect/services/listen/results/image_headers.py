"""Headers of images: what results take over from them, as far as it is valid by the standard."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from pydicom import Dataset
from pydicom.config import RAISE
from pydicom.datadict import dictionary_VR
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag, Tag
from pydicom.valuerep import DA, TM, validate_value

from edgect.errors import EdgectError
from edgect.scans.decoder_logs import silenced
from edgect.scans.dicom.dataset import MAX_ELEMENTS
from edgect.services.listen.results.character_sets import (
    TEXT,
    DecodedText,
    character_set_for,
    decode_elements,
)

UID_KEYWORDS = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
PATIENT_KEYWORDS = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex")
# which results want to be there, if only empty (DICOM PS3.3, C.7.1.1 and C.7.2.1: type 2)
STUDY_KEYWORDS = ("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName")
OPTIONAL_KEYWORDS = (
    "IssuerOfPatientID",
    "PatientAge",
    "StudyDescription",
    "SeriesDescription",
    "SliceThickness",
    "ConvolutionKernel",
    "SeriesNumber",
    "InstanceNumber",
    "FrameOfReferenceUID",
    "PositionReferenceIndicator",
    "ImageOrientationPatient",
)
_UID = re.compile(r"[0-9.]{1,64}")  # a component that begins with 0 is wrong, but not rare, and harmless
_TYPES: Mapping[str, Callable[[str], object]] = {"DA": DA, "TM": TM}  # as which results are written
_NUMBERS = range(-(2**31), 2**31)


class HeaderError(EdgectError):
    """An image that cannot be filed; the message quotes nothing of it."""


def read_identifiers(file: BinaryIO) -> Dataset:
    """What an image is, and whose. Raises HeaderError unless all four of its UIDs are UIDs."""
    header = Dataset()
    with silenced:
        for keyword, text in _read(file, (*UID_KEYWORDS, *PATIENT_KEYWORDS)).values.items():
            setattr(header, keyword, text)
    for keyword in UID_KEYWORDS:
        if not _UID.fullmatch(str(header.get(keyword) or "")):
            raise HeaderError(f"its {keyword} is not a valid UID")
    return header


def grouping_key(header: Dataset) -> str:
    """The same for images that are classified together.

    Those of one series, unless they say that they are of several patients or studies.
    """
    keywords = ("StudyInstanceUID", "SeriesInstanceUID", *PATIENT_KEYWORDS[:3])
    return "\0".join(str(header.get(keyword) or "") for keyword in keywords)


def read_header(path: Path) -> tuple[Dataset, bool]:
    """What results take over from an image, and whether its text is certain.

    What an image is and whose is read as by `read_identifiers`, whatever follows. Raises HeaderError.
    """
    keywords = (*UID_KEYWORDS, *PATIENT_KEYWORDS, *STUDY_KEYWORDS, *OPTIONAL_KEYWORDS)
    with path.open("rb") as file:
        text = identifiers = _read(file, (*UID_KEYWORDS, *PATIENT_KEYWORDS))
        file.seek(0)
        with suppress(HeaderError):
            text = _read(file, keywords)
    header, certain = Dataset(), text.certain
    with silenced:
        values = {**dict.fromkeys(keywords, ""), **text.values, **identifiers.values}
        for keyword, value in values.items():
            if value and _is_valid(keyword, value):
                setattr(header, keyword, value)
            elif keyword in PATIENT_KEYWORDS or keyword in STUDY_KEYWORDS:
                setattr(header, keyword, "")
                certain &= not value or dictionary_VR(keyword) != "PN"
        header.SpecificCharacterSet = character_set_for(header, text.declared)
    return header, certain


def _read(file: BinaryIO, keywords: tuple[str, ...]) -> DecodedText:
    """Raises HeaderError."""
    tags: list[BaseTag | int] = [Tag(keyword) for keyword in (*keywords, "SpecificCharacterSet")]
    last, count = max(tags), 0

    def stop(tag: BaseTag, vr: str | None, length: int) -> bool:
        nonlocal count
        count += 1
        if count > MAX_ELEMENTS:
            raise HeaderError("too many elements")
        return int(tag) > int(last)

    try:
        with silenced:
            dataset = read_partial(file, stop_when=stop, force=True, specific_tags=tags)
            return decode_elements(dataset, keywords)
    except HeaderError:
        raise
    except Exception as error:  # parsers raise whatever they meet, and may quote it
        raise HeaderError(type(error).__name__) from None


def _is_valid(keyword: str, text: str) -> bool:
    """Whether a value is valid for its VR (DICOM PS3.5, 6.2): others sort by it. Text stays as it came."""
    vr = dictionary_VR(keyword)
    try:
        if vr == "UI":
            return _UID.fullmatch(text) is not None
        if vr == "IS":
            return int(text) in _NUMBERS
        if vr == "DS":
            return all(math.isfinite(float(number)) for number in text.split("\\"))
        if keyword == "PatientSex":
            return text in ("M", "F", "O")
        if vr == "PN":
            return "\\" not in text  # one name: which of several?
        if vr not in TEXT:
            validate_value(vr, text, RAISE)
            _TYPES.get(vr, str)(text)
    except (ValueError, TypeError):
        return False
    return True
