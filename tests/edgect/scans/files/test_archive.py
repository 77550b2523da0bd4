"""Zip archives and DICOMDIRs stand for their files."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from edgect.errors import ScanError
from edgect.scans import Limits, find_scans, read_bytes, read_frames
from edgect.scans.files.archive import open_bytes
from edgect.scans.files.in_memory import split_content
from tests.edgect.scans.dicom_files import ct, write


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def test_a_zip_stands_for_its_members_sorted(tmp_path: Path) -> None:
    content = write(ct())
    path = archive(tmp_path / "s.zip", {"b/IM1": content, "a.dcm": content, "__MACOSX/x": b"", ".h": b""})
    for argument in (tmp_path, path):
        files = find_scans([argument])
        assert files == [f"{path}/a.dcm", f"{path}/b/IM1"]
        assert [read_bytes(name) for name in files] == [content] * 2
    assert find_scans([f"{path}/a.dcm"]) == [f"{path}/a.dcm"]


def paths(path: Path) -> list[str]:
    """What an archive stands for, which is the same in memory."""
    files = find_scans([path])
    assert [name for name, _ in split_content(str(path), path.read_bytes())] == files
    return [name.removeprefix(f"{path}/") for name in files]


# bsdtar, which is Windows' own tar, begins every name so
@pytest.mark.parametrize("name", ["./a.dcm", "./b/a.dcm", "b/./a.dcm", ".\\a.dcm", "b\\a.dcm", "././a.dcm"])
def test_a_member_in_the_folder_itself_is_not_hidden(tmp_path: Path, name: str) -> None:
    path = archive(tmp_path / "s.zip", {name: b"content"})
    assert paths(path) == [name]
    assert read_bytes(f"{path}/{name}") == b"content"
    assert find_scans([f"{path}/{name}"]) == [f"{path}/{name}"]
    ((_, read),) = split_content("s.zip", path.read_bytes())
    assert read(Limits()) == b"content"


def test_names_that_differ_by_a_folder_of_itself_have_a_row_each(tmp_path: Path) -> None:
    assert paths(archive(tmp_path / "s.zip", {"a.dcm": b"x", "./a.dcm": b"y"})) == ["./a.dcm", "a.dcm"]


@pytest.mark.parametrize("name", [".a", "./.a", "./__MACOSX/a", "__MACOSX/./._a", "b\\.a", ".b\\a", ".b/a"])
def test_hidden_members_stay_hidden(tmp_path: Path, name: str) -> None:
    path = archive(tmp_path / "s.zip", {name: b"x", "seen": b"y"})
    assert paths(path) == ["seen"]
    alone = archive(tmp_path / "alone.zip", {name: b"x"})
    assert find_scans([alone]) == [str(alone)]  # and its row says that there is nothing in it


def test_folders_of_windows_programs_are_no_files(tmp_path: Path) -> None:
    assert paths(archive(tmp_path / "s.zip", {"b\\": b"", "b\\a": b"x"})) == ["b\\a"]


def test_a_member_without_a_name_costs_no_other_its_row(tmp_path: Path) -> None:
    path = archive(tmp_path / "s.zip", {"?": b"x", "a": b"y"})
    content = path.read_bytes().replace(b"?", b"\0")  # zipfile ends names there
    path.write_bytes(content)
    assert paths(path) == ["", "a"]
    with pytest.raises(ScanError, match="has no name"):
        read_bytes(find_scans([path])[0])
    assert read_bytes(f"{path}/a") == b"y"


def test_damaged_and_empty_archives_stand_for_themselves(tmp_path: Path) -> None:
    empty = archive(tmp_path / "empty.zip", {})
    (tmp_path / "garbage.zip").write_bytes(b"nothing")
    assert find_scans([tmp_path]) == [str(empty), str(tmp_path / "garbage.zip")]
    statuses = [next(read_frames(read_bytes(name), name)).error.status for name in find_scans([tmp_path])]  # type: ignore[union-attr]
    assert statuses == ["rejected", "error"]


def test_an_archive_of_another_name_is_called_one(tmp_path: Path) -> None:
    content = archive(tmp_path / "s.zip", {"a": b"x"}).read_bytes()
    error = next(read_frames(content, "scans")).error
    assert error is not None
    assert error.status == "rejected"
    assert "does not end in .zip" in str(error)


def test_a_bomb_is_over_the_limit_by_what_it_really_holds(tmp_path: Path) -> None:
    path = archive(tmp_path / "bomb.zip", {"a": bytes(5_000_000)})
    with pytest.raises(ScanError, match="over the limit"):
        read_bytes(f"{path}/a", Limits(bytes=1_000_000))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_zipfile_cannot_unpack_bit_by_bit_is_not_unpacked(tmp_path: Path, method: int) -> None:
    with zipfile.ZipFile(tmp_path / "s.zip", "w", method) as file:
        file.writestr("a", bytes(1000))
    with pytest.raises(ScanError, match=f"method {method}, not deflate: unpack the archive"):
        read_bytes(f"{tmp_path}/s.zip/a")


@pytest.mark.parametrize("at", [40, 60, 90])
def test_a_damaged_member_is_an_error(tmp_path: Path, at: int) -> None:
    path = archive(tmp_path / "s.zip", {"a": bytes(range(256)) * 9})
    content = bytearray(path.read_bytes())
    content[at : at + 8] = b"\xff" * 8
    path.write_bytes(content)
    with pytest.raises(ScanError, match="damaged"):
        read_bytes(f"{path}/a")


@pytest.mark.parametrize("name", ["../../secret", "/etc/passwd", "a/../../b"])
def test_a_name_that_leads_out_is_rejected(tmp_path: Path, name: str) -> None:
    path = archive(tmp_path / "s.zip", {name: b"x"})
    (file,) = find_scans([path])
    with pytest.raises(ScanError, match="leads out") as raised:
        read_bytes(file)
    assert raised.value.status == "rejected"


def test_a_member_with_a_wrong_checksum_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "s.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a", b"abcdefgh" * 50)
    path.write_bytes(path.read_bytes().replace(b"abcdefgh", b"abcdefgX", 1))
    with pytest.raises(ScanError, match="damaged"):
        read_bytes(f"{path}/a")


def test_an_archive_in_memory_that_lists_too_many_files_is_not_listed() -> None:
    # read by zipfile, each entry of 46 bytes would become an object of several hundred
    with pytest.raises(ScanError, match="over the limit of 100,000"):
        open_bytes(b"PK\1\2".ljust(46, b"\0") * 200_001)
