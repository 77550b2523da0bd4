"""Headers as no standard has them: every image gets a report, or its sender hears that it gets none."""

from __future__ import annotations

import operator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.datadict import dictionary_VR

from edgect.pipeline import Pipeline
from edgect.services.listen.results.image_headers import (
    OPTIONAL_KEYWORDS,
    PATIENT_KEYWORDS,
    STUDY_KEYWORDS,
    HeaderError,
)
from edgect.services.listen.results.options import ResultOptions
from tests.edgect.scans.dicom_files import write
from tests.edgect.services.listen.listen_process import image
from tests.edgect.services.listen.worker_results import put_raw, results_of

UIDS = ("StudyInstanceUID", "SeriesInstanceUID")
KEYWORDS = [
    *PATIENT_KEYWORDS,
    *STUDY_KEYWORDS,
    *OPTIONAL_KEYWORDS,
    "TimezoneOffsetFromUTC",
    "PatientComments",
]
ODD = [
    b"", b" ", b"\0", b"\\", b"a\\b", b"x" * 70, b"x" * 2000, b"-1", b"1.5", b"nan", b"1e400",
    b"99999999999", b"20240230", b"2024.01.02", b"20240102-20240103", b"250000", b"12:34:56", b"45Y",
    b"999Y", b"male", b"1\\0\\0", b"nan\\0\\0\\0\\1\\0", b"1.02.3", b"...", b"^^^^^^^", b"a=b=c=d",
    b"a\r\nb", b"\x1b$B", "Müller".encode(), "Müller".encode("latin-1"), b"\xff\xfe",
]  # fmt: skip
PICTURES = ResultOptions.of(["sc"])
VRS = ["LO", "PN", "DA", "TM", "IS", "DS", "UI", "US", "FL", "UN", "OB"]
values = st.tuples(st.sampled_from(ODD) | st.binary(max_size=20), st.none() | st.sampled_from(VRS))
some = st.dictionaries(st.sampled_from(KEYWORDS), st.none() | values, min_size=1, max_size=9)
uids = st.dictionaries(st.sampled_from(UIDS), st.none() | values, min_size=1)
headers = some | uids | st.builds(operator.or_, some, uids)  # most images with an odd UID are refused


@pytest.fixture(scope="module")
def classifier() -> Pipeline:
    return Pipeline(backend="onnxruntime", threads=1, include_identifiers=True)


@settings(max_examples=15, deadline=None)
@given(headers)
def test_an_image_gets_a_report_or_is_refused(
    classifier: Pipeline, changes: dict[str, tuple[bytes, str | None] | None]
) -> None:
    slice_ = image(0)
    for keyword, change in changes.items():
        if change is None:
            slice_.pop(keyword, None)
        else:
            put_raw(slice_, keyword, change[1] or dictionary_VR(keyword), change[0])
    try:
        with results_of(classifier, write(slice_), PICTURES) as results:
            assert results.aside == []
            datasets = [dcmread(path) for path in (*results.reports, *results.others)]
            assert {dataset.Modality for dataset in datasets} <= {"SR", "OT"}
            assert {str(dataset.StudyInstanceUID) for dataset in datasets} == {str(slice_.StudyInstanceUID)}
            for dataset in datasets:
                str(dataset)  # reads every element
    except HeaderError:
        assert changes.keys() & set(UIDS)


@pytest.mark.parametrize(
    ("keyword", "value", "expected"),
    [
        ("PatientBirthDate", "19991231", "19991231"),
        ("PatientBirthDate", "19990231", ""),
        ("StudyDate", "20240102-20240103", ""),
        ("StudyTime", "235959.5", "235959.5"),
        ("StudyTime", "12:34:56", ""),
        ("PatientID", "x" * 70, "x" * 70),
        ("AccessionNumber", "a b", "a b"),
        ("PatientName", "Doe^John\\Roe^Jane", ""),  # whose of the two?
        ("PatientSex", "male", ""),
        ("PatientAge", "045Y", "045Y"),
        ("PatientAge", "45Y", None),
    ],
)
def test_what_is_none_of_its_kind_is_left_out(
    classifier: Pipeline, keyword: str, value: str, expected: str | None
) -> None:
    slice_ = image(0)
    put_raw(slice_, keyword, dictionary_VR(keyword), value.encode())
    with results_of(classifier, write(slice_), ResultOptions()) as results:
        (report,) = map(dcmread, results.reports)
    assert report.get(keyword) == expected


def test_a_number_that_is_cut_short_is_no_patients_id(classifier: Pipeline) -> None:
    slice_ = image(0)
    put_raw(slice_, "PatientID", "LO", b"ab")
    content = write(slice_)
    assert content.count(b"\x10\0\x20\0LO\x02\0ab") == 1
    without_name = content.replace(b"\x20\0LO\x02\0ab", b"\x20\0FL\x02\0ab")
    with results_of(classifier, without_name, ResultOptions()) as results:
        (report,) = map(dcmread, results.reports)
    assert (results.aside, report.PatientID) == ([], "ab")


def test_what_stands_behind_does_not_change_whose_it_is(classifier: Pipeline) -> None:
    before, after = b"\x20\0\x11\0IS", b"\x20\0\x0e\0IS"  # the series' number, now another UID of it
    content = write(image(0))
    assert content.count(before) == 1
    with results_of(classifier, content.replace(before, after), ResultOptions()) as results:
        (report,) = map(dcmread, results.reports)
    (study,) = report.CurrentRequestedProcedureEvidenceSequence
    assert study.ReferencedSeriesSequence[0].SeriesInstanceUID == image(0).SeriesInstanceUID
