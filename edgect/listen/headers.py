"""Headers of images, down to what results take over, and only as far as it is what the standard has there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO

from pydicom import Dataset
from pydicom.charset import python_encoding
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag, Tag
from pydicom.valuerep import validate_value

from edgect.scans.dicom.dataset import ELEMENTS
from edgect.scans.quiet import quiet

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
UTF_8 = "ISO_IR 192"
_UID = re.compile(r"[0-9.]{1,64}")  # a component that begins with 0 is wrong, but not rare, and harmless
_SEXES = ("M", "F", "O", "")


class HeaderError(Exception):
    """An image that cannot be filed; the message quotes nothing of it."""


def names(file: BinaryIO) -> Dataset:
    """What an image is, and whose. Raises HeaderError unless all four of its UIDs are UIDs."""
    found = _read(file, (*UNIQUE, *PATIENT, "SpecificCharacterSet"))
    for keyword in UNIQUE:
        if not _UID.fullmatch(_text(found, keyword)):
            raise HeaderError(f"its {keyword} is none")
    return found


def belongs(found: Dataset) -> str:
    """The same for images that are answered on together.

    Those of one series, unless they say that they are of several patients or studies.
    """
    return "\0".join(
        _text(found, keyword) for keyword in ("StudyInstanceUID", "SeriesInstanceUID", *PATIENT[:3])
    )


def header(path: Path) -> Dataset:
    """What results take over from an image. Raises HeaderError."""
    with path.open("rb") as file:
        found = _read(file, (*UNIQUE, *PATIENT, *STUDY, *OPTIONAL, "SpecificCharacterSet"))
    made = Dataset()
    made.SpecificCharacterSet = _character_set(found)
    with quiet:
        for keyword in (*UNIQUE, *PATIENT, *STUDY, *OPTIONAL):
            value = _valid(found, keyword)
            if value is not None:
                setattr(made, keyword, value)
            elif keyword in PATIENT or keyword in STUDY:
                setattr(made, keyword, "")
    return made


def _read(file: BinaryIO, keywords: tuple[str, ...]) -> Dataset:
    wanted: list[BaseTag | int] = [Tag(keyword) for keyword in keywords]
    last, seen = max(wanted), 0

    def stop(tag: BaseTag, vr: str | None, length: int) -> bool:
        nonlocal seen
        seen += 1
        if seen > ELEMENTS:
            raise HeaderError("too many elements")
        return int(tag) > int(last)

    try:
        with quiet:
            return read_partial(file, stop_when=stop, force=True, specific_tags=wanted)
    except HeaderError:
        raise
    except Exception as error:  # parsers raise whatever they meet, and may quote it
        raise HeaderError(type(error).__name__) from None


def _text(found: Dataset, keyword: str) -> str:
    try:
        with quiet:
            return str(found.get(keyword) or "")
    except Exception as error:
        raise HeaderError(f"its {keyword} cannot be read ({type(error).__name__})") from None


def _valid(found: Dataset, keyword: str) -> object:
    """A value as it is, None where it is missing, or none of its kind."""
    try:
        element = found[keyword]
        value = element.value
        if value is None or value == "" or (keyword == "PatientSex" and value not in _SEXES):
            return None
        if element.VR in ("DA", "TM", "AS", "IS", "CS"):  # by which others sort; a name stays as it came
            validate_value(element.VR, str(value), 2)
        str(value)
        return value
    except Exception:
        return None


def _character_set(found: Dataset) -> str | list[str]:
    try:
        named = found.get("SpecificCharacterSet") or ""
        terms = [str(named)] if isinstance(named, str) else [str(term) for term in named]
        known = all(term in python_encoding for term in terms)
    except Exception:
        known = False
    if not known or terms == [""]:
        return UTF_8
    return terms[0] if len(terms) == 1 else terms
