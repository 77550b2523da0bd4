"""A DICOMDIR stands for its files under the names that systems give to the files of a disc."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgect.errors import ScanError
from edgect.scans import find_scans, read_bytes, read_frames
from edgect.scans.decoder_logs import silenced
from tests.edgect.synthetic import write_scan
from tests.volume_seeds import index


def disc(
    folder: Path, *files: str, name: str = "DICOMDIR", lists: tuple[str | list[str], ...] = ("IM1",)
) -> Path:
    for file in (name, *files):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(b"a file")
    with silenced:  # of names that DICOM does not allow
        (folder / name).write_bytes(index(*lists))
    return folder / name


@pytest.mark.parametrize(
    "file", ["IM1", "im1", "Im1", "IM1.dcm", "im1.DCM", "IM1.", "IM1;1", "im1.;1", "IM1.dcm;1"]
)
def test_a_listed_file_is_read_as_the_disk_spells_it(tmp_path: Path, file: str) -> None:
    assert find_scans([disc(tmp_path, file)]) == [str(tmp_path / file)]


def test_folders_are_spelled_as_the_disk_does_too(tmp_path: Path) -> None:
    listed = disc(
        tmp_path,
        "dicom/St1/im1.dcm",
        "dicom/St1/IM2",
        lists=(["DICOM", "ST1", "IM1"], ["DICOM", "ST1", "IM2"]),
    )
    assert find_scans([listed]) == [str(tmp_path / "dicom/St1" / name) for name in ("im1.dcm", "IM2")]


@pytest.mark.parametrize(
    "name", ["DICOMDIR", "dicomdir", "DICOMDIR;1", "DICOMDIR.", "dicomdir.;1", "DICOMDIR.dcm"]
)
def test_an_index_is_known_however_the_disk_spells_it(tmp_path: Path, name: str) -> None:
    assert find_scans([disc(tmp_path, "IM1", name=name)]) == [str(tmp_path / "IM1")]


def test_an_index_of_another_name_is_known_by_its_content(tmp_path: Path) -> None:
    assert find_scans([disc(tmp_path, "IM1", name="index-of-a-study")]) == [str(tmp_path / "IM1")]


def test_the_name_that_the_index_has_goes_before_others(tmp_path: Path) -> None:
    assert find_scans([disc(tmp_path, "IM1", "im1", "IM1.dcm")]) == [str(tmp_path / "IM1")]
    (tmp_path / "IM1").unlink()
    assert find_scans([tmp_path / "DICOMDIR"]) == [str(tmp_path / "im1")]


def test_files_of_an_index_that_are_not_there_get_a_row_each(tmp_path: Path) -> None:
    listed = disc(tmp_path, lists=("IM1", "IM2"))
    missing = [str(tmp_path / "IM1"), str(tmp_path / "IM2")]
    assert find_scans([listed]) == find_scans([tmp_path]) == missing
    for path in missing:
        with pytest.raises(ScanError, match="No such file"):
            read_bytes(path)


def test_notes_and_scans_elsewhere_do_not_stand_for_the_files_of_an_index(tmp_path: Path) -> None:
    disc(tmp_path / "disc", "autorun.inf", lists=("IM1",))
    write_scan(tmp_path / "disc2.png")
    assert find_scans([tmp_path]) == [
        str(tmp_path / name) for name in ("disc/IM1", "disc/autorun.inf", "disc2.png")
    ]


def test_a_folder_with_other_scans_stands_for_these(tmp_path: Path) -> None:
    disc(tmp_path, "other.dcm")
    assert find_scans([tmp_path]) == [str(tmp_path / "DICOMDIR"), str(tmp_path / "other.dcm")]


@pytest.mark.parametrize("name", ["A/B", "..", "A:B", "C:", "../../etc"])
def test_a_listed_name_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    (file,) = find_scans([disc(tmp_path / "disc" / "inner", lists=(name,))])
    assert Path(file).parent == tmp_path / "disc" / "inner"
    assert not Path(file).exists()


def test_what_is_called_an_index_and_is_none_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "DICOMDIR").write_bytes(b"nothing of the kind")
    (path,) = find_scans([tmp_path / "DICOMDIR"])
    (frame,) = read_frames(read_bytes(path), path)
    assert frame.error is not None
    assert frame.error.status == "error"
