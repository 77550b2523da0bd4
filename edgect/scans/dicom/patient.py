"""Whom a DICOM file is of, for those alone who asked for it: nothing else in edgect reads this."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from pydicom.dataset import Dataset
from pydicom.valuerep import PersonName

from edgect.errors import ScanError
from edgect.scans.decoder_logs import silenced
from edgect.scans.dicom import dataset as elements
from edgect.scans.options import Limits

_KEYWORDS = ("SpecificCharacterSet", "PatientName", "PatientBirthDate", "PixelData")  # where the file ends


@dataclass(frozen=True)
class Patient:
    """Each empty where the file does not say it.

    name: family name first, in the first of its writings. birth_date: as ISO 8601 has it.
    """

    name: str = ""
    birth_date: str = ""


def read_patient(content: bytes, limits: Limits) -> Patient:
    """Of a DICOM file's content; never raises for bad content."""
    try:
        with silenced:
            dataset, _ = elements.read(content, limits, _KEYWORDS)
            return Patient(_name(dataset), _birth_date(dataset))
    except Exception:  # whose message may quote what the file holds; its row says what is wrong with the file
        return Patient()


def _name(dataset: Dataset) -> str:
    """Components and groups as PS3.5, 6.2.1 has them, as a letter is addressed: `Family, Given Middle`."""
    with suppress(ScanError):
        name = elements.value(dataset, "PatientName")
        if isinstance(name, PersonName):
            writings = (name.alphabetic, name.ideographic, name.phonetic)
            family, *others = next((str(each) for each in writings if each), "").split("^")
            return ", ".join(filter(None, (family.strip(), " ".join(filter(None, map(str.strip, others))))))
    return ""


def _birth_date(dataset: Dataset) -> str:
    """ISO 8601 of `YYYYMMDD`, or of the retired `YYYY.MM.DD`; anything else as it stands."""
    text = ""
    with suppress(ScanError):
        text = str(elements.value(dataset, "PatientBirthDate") or "").strip()
    with suppress(ValueError):
        return datetime.strptime(text.replace(".", ""), "%Y%m%d").date().isoformat()
    return text
