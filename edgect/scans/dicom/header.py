"""What people call a DICOM file by: its series and, only where it is asked for, its patient."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.valuerep import PersonName

from edgect.errors import ScanError
from edgect.scans.decoder_logs import silenced
from edgect.scans.dicom import dataset as elements
from edgect.scans.options import Limits

_SERIES = ("SpecificCharacterSet", "SeriesNumber", "SeriesDescription", "ConvolutionKernel")
_ENHANCED = ("SharedFunctionalGroupsSequence", "PixelData")  # PS3.3, C.8.15.3.8; to know where the file ends
_PATIENT = ("PatientName", "PatientBirthDate")


@dataclass(frozen=True)
class Header:
    """In the file's own words, each empty where it does not say it.

    series_number: an integer as text. kernel: of the reconstruction, several values with a space between.
    patient_name: family name first, in the first of its writings. patient_birth_date: as ISO 8601 has it.
    """

    series_number: str = ""
    series_description: str = ""
    kernel: str = ""
    patient_name: str = ""
    patient_birth_date: str = ""


def read_header(content: bytes, limits: Limits, patient: bool) -> Header:
    """Read the header of a DICOM file's content; never raises for bad content.

    patient: whether name and birth date are read; otherwise these elements are not even looked at.
    """
    try:
        with silenced:
            dataset, _ = elements.read(
                content, limits, (*_SERIES, *_ENHANCED, *(_PATIENT if patient else ()))
            )
            return Header(
                _text(dataset, "SeriesNumber"),
                _text(dataset, "SeriesDescription"),
                _kernel(dataset),
                _name(dataset) if patient else "",
                _date(_text(dataset, "PatientBirthDate")) if patient else "",
            )
    except Exception:  # whose message may quote what the file holds; its row says what is wrong with the file
        return Header()


def _text(dataset: Dataset, keyword: str) -> str:
    try:
        value = elements.value(dataset, keyword)
    except ScanError:
        return ""
    parts = value if isinstance(value, MultiValue | list) else [value]
    return " ".join(str(part).strip() for part in parts if part not in (None, ""))


def _kernel(dataset: Dataset) -> str:
    if kernel := _text(dataset, "ConvolutionKernel"):
        return kernel
    with suppress(ScanError):
        for group in elements.value(dataset, "SharedFunctionalGroupsSequence") or ():
            for item in elements.value(group, "CTReconstructionSequence") or ():
                return _text(item, "ConvolutionKernel")
    return ""


def _name(dataset: Dataset) -> str:
    """Components and groups as PS3.5, 6.2.1 has them, as a letter is addressed: `Family, Given Middle`."""
    with suppress(ScanError):
        name = elements.value(dataset, "PatientName")
        if isinstance(name, PersonName):
            writings = (name.alphabetic, name.ideographic, name.phonetic)
            family, *others = next((str(each) for each in writings if each), "").split("^")
            return ", ".join(filter(None, (family.strip(), " ".join(filter(None, map(str.strip, others))))))
    return ""


def _date(text: str) -> str:
    """ISO 8601 of `YYYYMMDD`, or of the retired `YYYY.MM.DD`; anything else as it stands."""
    with suppress(ValueError):
        return datetime.strptime(text.replace(".", ""), "%Y%m%d").date().isoformat()
    return text
