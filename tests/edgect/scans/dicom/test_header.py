"""What the page shows of a DICOM header: series and, where it is asked for, the patient."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import uid
from pydicom.dataset import Dataset

from edgect.scans import Limits
from edgect.scans.dicom.header import Header, read_header
from tests.edgect.scans.dicom_files import CANARY, ct, enhanced, hounsfield, write

SERIES: dict[str, Any] = {
    "SeriesNumber": 4,
    "SeriesDescription": "Thorax 1.0 B60f",
    "ConvolutionKernel": ["I50f", "3"],
}
PATIENT = {"PatientName": "Muster^Erika^M", "PatientBirthDate": "19400229"}


def header(dataset: Dataset, patient: bool = True, **how: Any) -> Header:
    return read_header(write(dataset, **how), Limits(), patient)


@pytest.mark.parametrize(
    "syntax", [uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian, uid.DeflatedExplicitVRLittleEndian]
)
def test_series_and_patient_are_read(syntax: uid.UID) -> None:
    read = header(ct(**SERIES, **PATIENT), syntax=syntax)
    assert read == Header("4", "Thorax 1.0 B60f", "I50f 3", "Muster, Erika M", "1940-02-29")


def test_the_patient_is_not_read_unless_it_is_asked_for() -> None:
    dataset = ct(**SERIES, PatientName=CANARY, PatientBirthDate="19400229")
    read = header(dataset, patient=False)
    assert (read.series_number, read.patient_name, read.patient_birth_date) == ("4", "", "")
    assert CANARY not in repr(read)


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
    assert header(ct(SpecificCharacterSet=character_set, PatientName=name)).patient_name == shown


def test_the_kernel_of_an_enhanced_image_is_in_its_functional_groups() -> None:
    dataset, reconstruction = enhanced([hounsfield()]), Dataset()
    reconstruction.ConvolutionKernel = "B70f"
    dataset.SharedFunctionalGroupsSequence[0].CTReconstructionSequence = [reconstruction]
    assert header(dataset).kernel == "B70f"


@pytest.mark.parametrize(("written", "shown"), [("1940.02.29", "1940-02-29"), ("1940", "1940"), ("", "")])
def test_dates_that_are_none_stay_as_they_are(written: str, shown: str) -> None:
    assert header(ct(PatientBirthDate=written)).patient_birth_date == shown


@given(st.data())
def test_damaged_content_gives_a_header_all_the_same(data: st.DataObject) -> None:
    content = bytearray(write(ct(**SERIES, **PATIENT)))
    head = content.index(b"\xe0\x7f\x10\x00")  # where the pixel data begin
    for place in data.draw(st.lists(st.integers(132, head), max_size=8)):
        content[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    assert isinstance(read_header(bytes(content[:cut]), Limits(), True), Header)
