"""What the page shows of a file's patient; never part of a row, a log, the trail or a metric."""

from __future__ import annotations

from edgect.scans import Limits
from edgect.scans.formats import DICOM, HEAD_LENGTH, format_of


def patient(content: bytes, name: str, limits: Limits) -> dict[str, str]:
    """`patient_name` and `patient_birth_date`, each where a DICOM file has it; of another file nothing."""
    if format_of(content[:HEAD_LENGTH], name) is not DICOM:
        return {}
    try:
        from edgect.scans.dicom.patient import read_patient
    except ImportError:  # its row says what is to be installed
        return {}
    read = read_patient(content, limits)
    known = {"patient_name": read.name, "patient_birth_date": read.birth_date}
    return {key: text for key, text in known.items() if text}
