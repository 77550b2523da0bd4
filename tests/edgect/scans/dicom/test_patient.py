"""Whom a DICOM file is of."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import uid
from pydicom.dataset import Dataset

from edgect.scans import Limits
from edgect.scans.dicom.patient import Patient, read_patient
from tests.edgect.scans.dicom_files import ct, write

PATIENT = {"PatientName": "Muster^Erika^M", "PatientBirthDate": "19400229"}


def patient(dataset: Dataset, **how: Any) -> Patient:
    return read_patient(write(dataset, **how), Limits())


@pytest.mark.parametrize(
    "syntax", [uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian, uid.DeflatedExplicitVRLittleEndian]
)
def test_name_and_birth_date_are_read(syntax: uid.UID) -> None:
    assert patient(ct(**PATIENT), syntax=syntax) == Patient("Muster, Erika M", "1940-02-29")


@pytest.mark.parametrize(
    ("character_set", "name", "shown"),
    [
        ("ISO_IR 192", "Müller^Jörg", "Müller, Jörg"),
        ("ISO_IR 144", "Люкceмбypг", "Люкceмбypг"),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada, Tarou"),
        ("ISO_IR 192", "=山田^太郎", "山田, 太郎"),
    ],
)
def test_names_are_in_their_character_set(character_set: Any, name: str, shown: str) -> None:
    assert patient(ct(SpecificCharacterSet=character_set, PatientName=name)).name == shown


@pytest.mark.parametrize(("written", "shown"), [("1940.02.29", "1940-02-29"), ("1940", "1940"), ("", "")])
def test_dates_that_are_none_stay_as_they_are(written: str, shown: str) -> None:
    assert patient(ct(PatientBirthDate=written)).birth_date == shown


@given(st.data())
def test_damaged_content_raises_nothing(data: st.DataObject) -> None:
    content = bytearray(write(ct(**PATIENT)))
    head = content.index(b"\xe0\x7f\x10\x00")  # where the pixel data begin
    for place in data.draw(st.lists(st.integers(132, head), max_size=8)):
        content[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    assert isinstance(read_patient(bytes(content[:cut]), Limits()), Patient)
