"""What the page calls a file's series and patient by; never part of a row, a log, the trail or a metric."""

from __future__ import annotations

from dataclasses import asdict

from edgect.scans import Limits
from edgect.scans.formats import DICOM, HEAD_LENGTH, format_of

PATIENT_KEYS = ("patient_name", "patient_birth_date")
HEADER_KEYS = ("series_number", "series_description", "kernel", *PATIENT_KEYS)


def header(content: bytes, name: str, limits: Limits, show_patient: bool) -> dict[str, str]:
    """Of a DICOM file the keys of `HEADER_KEYS` that its header fills; of another file none.

    The patient's are only there with `show_patient`.
    """
    if format_of(content[:HEAD_LENGTH], name) is not DICOM:
        return {}
    try:
        from edgect.scans.dicom.header import read_header
    except ImportError:  # its row says what is to be installed
        return {}
    return {key: text for key, text in asdict(read_header(content, limits, show_patient)).items() if text}
