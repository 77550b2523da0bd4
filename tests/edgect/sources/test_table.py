"""Tables as hospitals write them, and what is wrong with others."""

from __future__ import annotations

import os
from pathlib import Path
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgect.errors import UsageError
from edgect.sources.labels import Case, Words
from edgect.sources.table import read_table
from edgect.sources.thumbnails import read_thumbnails
from tests.edgect.sources.conftest import WriteTable
from tests.edgect.synthetic import write_scan


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_column_is_read_in_whatever_order_and_form(
    tmp_path: Path, scan: Path, separator: str, encoding: str, end: str
) -> None:
    names = ["Group", "weight", "nothing known", " Patient ", "label", "part", "path", "series", "study"]
    cells = ["Grad 2", "0.5", "x", "Müller", "positive", "train", scan.name, "s", "y"]
    table = tmp_path / "t.csv"
    table.write_bytes((separator.join(names) + end + separator.join(cells) + end * 3).encode(encoding))
    cases = read_table(str(table))
    assert cases.files == [Case(str(scan), 1, "Müller", "s", "y", "Grad 2", 0.5, "train")]
    assert cases.by_patient
    assert cases.has_parts


def test_a_weight_may_have_a_comma(write_table: WriteTable) -> None:
    table = write_table("a.png;1;0,25", head="path;label;weight", separator=";")
    assert read_table(str(table)).files[0].weight == 0.25


def test_a_cell_may_hold_separators_and_line_breaks(tmp_path: Path) -> None:
    (tmp_path / "a, b.png").write_bytes(b"1")
    table = tmp_path / "t.csv"
    table.write_text('path,label,group\n"a, b.png",1,"two\nlines"\nno.png,1,\n')
    with pytest.raises(UsageError, match="line 4: no file"):
        read_table(str(table))


def test_a_folder_stands_for_its_slices_which_are_one_series(write_table: WriteTable, tmp_path: Path) -> None:
    for name in ("s1/2.png", "s1/deep/10.png", "s1/.hidden", "s2/1.png"):
        write_scan(tmp_path / name) if name.endswith("png") else (tmp_path / name).write_text("")
    table = write_table("s1,1,a", "s2/1.png,0,b", head="path,label,patient")
    cases = read_table(str(table)).files
    assert [(os.path.relpath(case.path, tmp_path), case.patient, case.series) for case in cases] == [
        ("s1/2.png", "a", "s1"),
        ("s1/deep/10.png", "a", "s1"),
        ("s2/1.png", "b", ""),
    ]


def test_an_archive_stands_for_its_slices_and_a_slice_in_it_for_itself(
    write_table: WriteTable, tmp_path: Path
) -> None:
    scan = write_scan(tmp_path / "scan.png")
    for name in ("a.zip", "b.zip"):
        with ZipFile(tmp_path / name, "w") as archive:
            archive.write(scan, "x/1.png")
            archive.write(scan, "x/2.png")
    table = tmp_path / "t.csv"
    table.write_text("path,label,series\na.zip,1,\nb.zip/x/2.png,0,\n")
    cases = read_table(str(table)).files
    assert [(os.path.relpath(case.path, tmp_path), case.series) for case in cases] == [
        ("a.zip/x/1.png", "a.zip"),
        ("a.zip/x/2.png", "a.zip"),
        ("b.zip/x/2.png", ""),
    ]
    table.write_text("path,label\na.zip/x/3.png,1\n")
    with pytest.raises(UsageError, match="line 2: no file"):
        read_table(str(table))


def test_a_dicom_series_and_a_file_of_many_frames_are_read(tmp_path: Path) -> None:
    pytest.importorskip("pydicom", reason="needs DICOM: pip install 'edgect[dicom]'")
    from tests.edgect.scans.dicom_files import ct, enhanced, hounsfield, write

    (tmp_path / "ct 1").mkdir()
    for number in range(3):
        (tmp_path / "ct 1" / f"IM{number}").write_bytes(write(ct(hounsfield(number))))
    (tmp_path / "volume.dcm").write_bytes(write(enhanced([hounsfield(n) for n in range(4)])))
    table = tmp_path / "t.csv"
    table.write_text("path,label,patient\nct 1,1,a\nvolume.dcm,0,b\n")
    cases = read_table(str(table)).files
    assert [(Path(case.path).name, case.patient, case.series) for case in cases] == [
        *((f"IM{number}", "a", "ct 1") for number in range(3)),
        ("volume.dcm", "b", ""),
    ]
    assert list(read_thumbnails(cases).slices) == [1, 1, 1, 4]


def test_a_folder_without_images_is_told_with_its_line(write_table: WriteTable, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("ask the ward")
    with pytest.raises(UsageError, match=r"line 3: no images in .*notes"):
        read_table(str(write_table("a.png,1", "notes,0")))


@pytest.mark.parametrize("name", ["patient", "part"])
def test_a_column_that_is_empty_throughout_is_none(write_table: WriteTable, name: str) -> None:
    cases = read_table(str(write_table("a.png,1,", "b.png,0, ", head=f"path,label,{name}")))
    assert (cases.by_patient, cases.has_parts) == (False, False)


def test_paths_may_start_from_another_folder(write_table: WriteTable, tmp_path: Path) -> None:
    write_table("data/a.png,1")
    (tmp_path / "t.csv").write_text("path,label\na.png,1\n")
    folder = str(tmp_path / "data")
    assert read_table(str(tmp_path / "t.csv"), folder=folder).files[0].path == os.path.join(folder, "a.png")


@pytest.mark.parametrize(
    ("head", "lines", "message"),
    [
        ("path,label", "a.png,1\na.png,1", "line 3: 'a.png' is the file of line 2"),
        ("path,label", "a.png,1\n./a.png,1", "line 3: './a.png' is the file of line 2"),
        ("path,label", "a.png,", "line 2: no label"),
        ("path,label", "a.png,perhaps", "line 2: unknown label 'perhaps'"),
        ("path,label", "b.png,1", "line 2: no file"),
        ("path,label", ",1", "line 2: no path"),
        ("path,label", "a.png,1,2", "line 2: 3 cells where the first line has 2"),
        ("path,label", "", "no line below"),
        ("path,label", 'a.png,"1', "line 2: not CSV"),
        ("path,label,weight", "a.png,1,-1", "line 2: weight '-1' is not a number above 0"),
        ("path,label,weight", "a.png,1,nan", "line 2: weight 'nan'"),
        ("path,label,weight", "a.png,1,1e999", "line 2: weight '1e999'"),
        ("path,label,part", "a.png,1,testing", "line 2: unknown part 'testing'; write train"),
        ("path,label,patient", "c.png,1,x\na.png,1,", "line 3: no patient; give every line one"),
        ("path,labels", "a.png,1", "line 1 must name one column 'label', not 'path', 'labels'"),
        ("path,label,patient,Patient", "a.png,1,x,y", "line 1 must name one column 'patient'"),
        ("path,label", "\n".join(["b.png,1"] * 8), "; and 3 more"),
    ],
)
def test_a_wrong_line_is_told_by_its_number(tmp_path: Path, head: str, lines: str, message: str) -> None:
    for name in ("a.png", "c.png"):
        (tmp_path / name).write_bytes(b"1")
    table = tmp_path / "t.csv"
    table.write_text(f"{head}\n{lines}")
    with pytest.raises(UsageError) as raised:
        read_table(str(table))
    assert message in str(raised.value)
    assert str(table) in str(raised.value)


def test_what_is_no_table_is_told(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    with pytest.raises(UsageError, match="cannot be read"):
        read_table(str(table))
    table.write_bytes(b"")
    with pytest.raises(UsageError, match="is empty"):
        read_table(str(table))
    table.write_bytes("path;label\nMüller.png;1".encode("cp1252"))
    with pytest.raises(UsageError, match="'CSV UTF-8'"):
        read_table(str(table))


@pytest.mark.parametrize(
    ("word", "label"),
    [
        ("COVID-19", 1),
        ("CT_COVID", 1),
        ("covid positive", 1),
        ("Normal", 0),
        ("not COVID-19", 0),
        ("2", None),
    ],
)
def test_common_words_are_labels(word: str, label: int | None) -> None:
    assert Words().label(word) == label


@given(st.text(), st.text())
def test_own_words_and_no_others_are_labels(word: str, other: str) -> None:
    if word == other:
        with pytest.raises(UsageError, match="both"):
            Words((word,), (other,))
        return
    words = Words((word,), (other,))
    assert (words.label(word), words.label(other), words.label(word + other + "x")) == (1, 0, None)


def test_words_come_in_pairs() -> None:
    with pytest.raises(UsageError, match="--negative NAME together"):
        Words(("a",), ())
