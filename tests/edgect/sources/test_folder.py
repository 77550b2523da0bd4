"""Labelled subfolders."""

from __future__ import annotations

import os
from pathlib import Path
from zipfile import ZipFile

import pytest

from edgect.errors import UsageError
from edgect.sources.folder import read_folder
from edgect.sources.labels import Words
from tests.edgect.synthetic import write_scan


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("COVID-19/p1/a.png", "COVID-19/p2/a.png", "normal/p2/b.png", "normal/covid/c.png"):
        write_scan(tmp_path / "root" / name)
    return tmp_path / "root"


def test_the_label_is_the_subfolders_and_the_patient_the_folders_below(root: Path) -> None:
    cases = read_folder(str(root), Words(), patients=True)
    assert [(os.path.relpath(case.path, root), case.label, case.patient) for case in cases.files] == [
        ("COVID-19/p1/a.png", 1, "p1"),
        ("COVID-19/p2/a.png", 1, "p2"),
        ("normal/covid/c.png", 0, "covid"),
        ("normal/p2/b.png", 0, "p2"),
    ]
    assert cases.by_patient
    assert not read_folder(str(root), Words()).by_patient


def test_an_image_outside_is_told_and_another_file_is_noted(root: Path) -> None:
    (root / "notes.txt").write_text("ask the ward")
    assert "'notes.txt'" in read_folder(str(root), Words()).notes[0]
    write_scan(root / "loose.png")
    with pytest.raises(UsageError, match=r"loose\.png' in no labelled subfolder"):
        read_folder(str(root), Words())


def test_an_archive_outside_is_not_passed_over(root: Path) -> None:
    with ZipFile(root / "COVID-19.zip", "w") as archive:
        archive.write(root / "COVID-19/p1/a.png", "1.png")
    with pytest.raises(UsageError, match=r"COVID-19.zip/1.png' in no labelled subfolder"):
        read_folder(str(root), Words())


def test_an_image_without_a_patient_is_told(root: Path) -> None:
    write_scan(root / "normal" / "d.png")
    with pytest.raises(UsageError, match=r"d\.png' in no patient's folder"):
        read_folder(str(root), Words(), patients=True)


def test_own_words_leave_other_folders_out(root: Path) -> None:
    write_scan(root / "flu" / "a.png")
    with pytest.raises(UsageError, match="cannot tell the label of 'flu'"):
        read_folder(str(root), Words())
    cases = read_folder(str(root), Words(("COVID-19",), ("flu",)))
    assert [case.label for case in cases.files] == [1, 1, 0]
    assert "'normal'" in cases.notes[0]
    with pytest.raises(UsageError, match="no subfolder 'cold'"):
        read_folder(str(root), Words(("COVID-19",), ("cold",)))
