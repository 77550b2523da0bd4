"""What tells two reconstructions of one acquisition apart, as rows have it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from edgect.scans.dicom.frames import read_frames
from edgect.scans.dicom.series_label import series_label
from edgect.scans.frame import Origin
from edgect.scans.options import Limits, Window
from tests.edgect.conftest import Classify
from tests.edgect.scans.dicom_files import CANARY, ct, enhanced, hounsfield, write

SHARP = {"SeriesNumber": 4, "SeriesDescription": "Thorax 1.0 B70f", "ConvolutionKernel": "B70f"}
SOFT = {"SeriesNumber": 5, "SeriesDescription": "Thorax 5.0 B31f", "ConvolutionKernel": "B31f"}


def origins(dataset: Dataset) -> list[Origin]:
    window = Window(-600, 1500)
    return [frame.origin for frame in read_frames(write(dataset), "a", Limits(), window) if frame.origin]


@pytest.mark.parametrize(
    ("changes", "number", "description", "kernel"),
    [
        (SHARP, 4, "Thorax 1.0 B70f", "B70f"),
        ({}, None, "", ""),
        ({"SeriesNumber": ""}, None, "", ""),
        ({"ConvolutionKernel": ["Br64d", "3"]}, None, "", "Br64d/3"),
        ({"SeriesDescription": "Löwe", "SpecificCharacterSet": "ISO_IR 192"}, None, "Löwe", ""),
        ({"SeriesDescription": "two\nlines \x1b[31m"}, None, "two lines [31m", ""),
        ({"SeriesDescription": f"Lung {CANARY.lower()}"}, None, "Lung …", ""),
        ({"SeriesDescription": "Lung of 19991231"}, None, "Lung of …", ""),
        ({"PatientName": "Li^Bo", "SeriesDescription": "Lung Bo Li"}, None, "Lung Bo Li", ""),
        ({"PatientName": "B.+^Ann", "SeriesDescription": "Ann Annular"}, None, "… Annular", ""),
    ],
)
def test_a_series_is_told_by_number_description_and_kernel(
    changes: dict[str, Any], number: int | None, description: str, kernel: str
) -> None:
    (origin,) = origins(ct(**changes))
    assert (origin.series_number, origin.series_description, origin.kernel) == (number, description, kernel)


def test_frames_of_an_enhanced_image_have_the_kernels_of_their_groups() -> None:
    dataset = enhanced([hounsfield(0), hounsfield(1)], SeriesNumber=7)
    for group, kernel in zip(dataset.PerFrameFunctionalGroupsSequence, ("LUNG", "STANDARD"), strict=True):
        item = Dataset()
        item.ConvolutionKernel = kernel
        group.CTReconstructionSequence = [item]
    assert [(origin.series_number, origin.kernel) for origin in origins(dataset)] == [
        (7, "LUNG"),
        (7, "STANDARD"),
    ]


@given(st.binary(max_size=80), st.binary(max_size=80), st.binary(max_size=20))
def test_whatever_stands_there_it_is_one_line_and_never_raises(
    description: bytes, name: bytes, number: bytes
) -> None:
    from pydicom.dataelem import RawDataElement
    from pydicom.tag import Tag

    dataset = Dataset()
    for keyword, vr, value in (
        ("SeriesDescription", "LO", description),
        ("PatientName", "PN", name),
        ("SeriesNumber", "IS", number),
    ):
        tag = Tag(keyword)
        dataset._dict[tag] = RawDataElement(tag, vr, len(value), value, 0, False, True, True)
    label = series_label(dataset)
    assert str(label).isprintable()
    assert len(label.description) <= 64


def test_two_reconstructions_are_two_series_with_names_of_their_own(
    classify: Classify, tmp_path: Path
) -> None:
    for uid, words in (("1.2.3.4", SHARP), ("1.2.3.5", SOFT)):
        for number in range(2):
            dataset = ct(hounsfield(number), SeriesInstanceUID=uid, **words)
            (tmp_path / f"{uid}-{number}").write_bytes(write(dataset))
    table = tmp_path / "series.jsonl"
    files = sorted(tmp_path.glob("1.2.*"))
    done = classify(*files, "--format", "csv", "--backend", "onnxruntime", "--series", table)
    assert done.stdout.splitlines()[1].endswith(",4,Thorax 1.0 B70f,B70f")
    assert done.stdout.splitlines()[4].endswith(",5,Thorax 5.0 B31f,B31f")
    rows = [json.loads(line) for line in table.read_text().splitlines()]
    assert [(row["series_number"], row["series_description"], row["kernel"]) for row in rows] == [
        (4, "Thorax 1.0 B70f", "B70f"),
        (5, "Thorax 5.0 B31f", "B31f"),
    ]
    assert CANARY not in done.stdout + table.read_text()
