"""Headers of images, down to what results take over, and only as far as it is what the standard has there."""

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
from edgect.services.listen.characters import TEXT, Texts, suitable, texts

UNIQUE = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
PATIENT = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex")
# which results want to be there, if only empty (DICOM PS3.3, C.7.1.1 and C.7.2.1: type 2)
STUDY = ("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName")
OPTIONAL = (
    "IssuerOfPatientID",
    "PatientAge",
    "StudyDescription",
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


def names(file: BinaryIO) -> Dataset:
    """What an image is, and whose. Raises HeaderError unless all four of its UIDs are UIDs."""
    made = Dataset()
    with silenced:
        for keyword, text in _read(file, (*UNIQUE, *PATIENT)).values.items():
            setattr(made, keyword, text)
    for keyword in UNIQUE:
        if not _UID.fullmatch(str(made.get(keyword) or "")):
            raise HeaderError(f"its {keyword} is none")
    return made


def belongs(found: Dataset) -> str:
    """The same for images that are answered on together.

    Those of one series, unless they say that they are of several patients or studies.
    """
    keywords = ("StudyInstanceUID", "SeriesInstanceUID", *PATIENT[:3])
    return "\0".join(str(found.get(keyword) or "") for keyword in keywords)


def header(path: Path) -> tuple[Dataset, bool]:
    """What results take over from an image, and whether its text is certain.

    What an image is and whose is read as by `names`, whatever stands behind. Raises HeaderError as that.
    """
    keywords = (*UNIQUE, *PATIENT, *STUDY, *OPTIONAL)
    with path.open("rb") as file:
        found = known = _read(file, (*UNIQUE, *PATIENT))
        file.seek(0)
        with suppress(HeaderError):
            found = _read(file, keywords)
    made, certain = Dataset(), found.certain
    with silenced:
        for keyword, text in {**dict.fromkeys(keywords, ""), **found.values, **known.values}.items():
            if text and _is_valid(keyword, text):
                setattr(made, keyword, text)
            elif keyword in PATIENT or keyword in STUDY:
                setattr(made, keyword, "")
                certain &= not text or dictionary_VR(keyword) != "PN"
        made.SpecificCharacterSet = suitable(made, found.declared)
    return made, certain


def _read(file: BinaryIO, keywords: tuple[str, ...]) -> Texts:
    """Raises HeaderError."""
    wanted: list[BaseTag | int] = [Tag(keyword) for keyword in (*keywords, "SpecificCharacterSet")]
    last, seen = max(wanted), 0

    def stop(tag: BaseTag, vr: str | None, length: int) -> bool:
        nonlocal seen
        seen += 1
        if seen > MAX_ELEMENTS:
            raise HeaderError("too many elements")
        return int(tag) > int(last)

    try:
        with silenced:
            found = read_partial(file, stop_when=stop, force=True, specific_tags=wanted)
            return texts(found, keywords)
    except HeaderError:
        raise
    except Exception as error:  # parsers raise whatever they meet, and may quote it
        raise HeaderError(type(error).__name__) from None


def _is_valid(keyword: str, text: str) -> bool:
    """Whether a value is one of its kind (DICOM PS3.5, 6.2): others sort by it. Text stays as it came."""
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
