"""A result is whole or not there, and stays until it has been delivered."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import Dataset

from edgect.services.listen.config import NodeConfig
from edgect.services.listen.results.record import ResultRecord
from edgect.services.listen.storage.outbox import Outbox, dicom_files, mark_delivered, undelivered
from edgect.services.listen.storage.spool import Spool


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(NodeConfig("EDGECT", "127.0.0.1", 0, tmp_path / "spool", out=tmp_path / "out"))
    yield spool
    spool.close()


@pytest.fixture
def outbox(spool: Spool) -> Outbox:
    return Outbox(spool, 3600)


def record(number: int = 1) -> ResultRecord:
    report = Dataset()
    report.SOPInstanceUID = f"1.2.{number}"
    return ResultRecord(report, number, [])


def number_of(last: ResultRecord | None) -> int | None:
    return None if last is None else last.number


def test_a_result_is_there_with_all_its_files(outbox: Outbox, spool: Spool) -> None:
    outbox.put("key", "digest", {"report.dcm": b"report", "heat-map.dcm": b"picture"}, record(3))
    (folder,) = outbox.waiting()
    assert folder == spool.results / "key-digest"
    assert {path.name: path.read_bytes() for path in dicom_files(folder)} == {
        "report.dcm": b"report",
        "heat-map.dcm": b"picture",
    }
    assert [path.name for path in dicom_files(folder)] == ["heat-map.dcm", "report.dcm"]
    assert number_of(outbox.last_record("key")) == 3
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_result_that_is_there_is_not_made_again(outbox: Outbox) -> None:
    outbox.put("key", "digest", {"report.dcm": b"first"}, record(1))
    (folder,) = outbox.waiting()
    mark_delivered(folder / "report.dcm", "node")
    outbox.put("key", "digest", {"report.dcm": b"second"}, record(2))
    assert outbox.waiting() == [folder]
    assert (folder / "report.dcm").read_bytes() == b"first"
    assert undelivered(folder, "node") == []


def test_what_a_killed_process_left_is_neither_delivered_nor_kept(outbox: Outbox, spool: Spool) -> None:
    outbox.put("key", "whole", {"report.dcm": b"report"}, record())
    (spool.results / "key-half.part").mkdir()
    (spool.results / "key-half.part" / "report.dcm").write_bytes(b"rep")
    (spool.reported / "key.json.part").write_bytes(b"{")
    assert [folder.name for folder in outbox.waiting()] == ["key-whole"]
    again = Outbox(spool, 3600)
    assert [folder.name for folder in spool.results.iterdir()] == ["key-whole"]
    assert list(spool.reported.iterdir()) == []
    again.put("key", "half", {"report.dcm": b"report"}, record())
    assert {folder.name for folder in again.waiting()} == {"key-whole", "key-half"}


def test_a_half_of_the_same_result_is_made_anew(outbox: Outbox, spool: Spool) -> None:
    (spool.results / "key-digest.part").mkdir()
    (spool.results / "key-digest.part" / "old.dcm").write_bytes(b"rep")
    outbox.put("key", "digest", {"report.dcm": b"report"}, record())
    (folder,) = outbox.waiting()
    assert [path.name for path in dicom_files(folder)] == ["report.dcm"]


@pytest.mark.parametrize("fails", ["report", "record", "folder"])
def test_a_result_that_the_disk_does_not_keep_is_an_error(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    fsync, synced = os.fsync, list[bool]()

    def broken(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        synced.append(is_folder)
        if is_folder if fails == "folder" else synced.count(False) == ["report", "record"].index(fails) + 1:
            raise OSError(5, "Input/output error")
        fsync(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", broken)
        with pytest.raises(OSError, match="Input/output"):
            outbox.put("key", "digest", {"report.dcm": b"report"}, record())
    assert outbox.waiting() == []  # so the images stay, and it is tried again
    outbox.put("key", "digest", {"report.dcm": b"report"}, record())
    assert len(outbox.waiting()) == 1


def test_the_folder_of_results_is_synced(
    outbox: Outbox, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced, fsync = set[int](), os.fsync

    def recorded(descriptor: int) -> None:
        synced.add(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", recorded)
    outbox.put("key", "digest", {"report.dcm": b"report"}, record())
    (folder,) = outbox.waiting()
    assert {path.stat().st_ino for path in (spool.results, folder, *folder.iterdir())} <= synced
    synced.clear()
    outbox.remove(folder)
    assert spool.reported.stat().st_ino in synced


def test_the_oldest_result_comes_first(outbox: Outbox) -> None:
    for number, digest in enumerate("cab"):
        outbox.put("key", digest, {"report.dcm": b""}, record())
        folder = next(folder for folder in outbox.waiting() if folder.name == f"key-{digest}")
        os.utime(folder, ns=(number, number))
    assert [folder.name for folder in outbox.waiting()] == ["key-c", "key-a", "key-b"]


def test_a_delivered_result_goes_and_is_remembered(outbox: Outbox, spool: Spool) -> None:
    outbox.put("key", "digest", {"report.dcm": b"report"}, record(2))
    outbox.put("other", "digest", {"report.dcm": b"report"}, record(5))
    outbox.remove(spool.results / "key-digest")
    assert [folder.name for folder in spool.results.iterdir()] == ["other-digest"]
    assert [path.name for path in spool.reported.iterdir()] == ["key.json"]
    assert number_of(outbox.last_record("key")) == 2
    assert number_of(outbox.last_record("unknown")) is None


def test_the_last_record_is_the_newest_wherever_it_is(outbox: Outbox, spool: Spool) -> None:
    for number in (1, 3, 2):
        outbox.put("key", str(number), {"report.dcm": b""}, record(number))
    assert number_of(outbox.last_record("key")) == 3
    outbox.remove(spool.results / "key-3")
    assert number_of(outbox.last_record("key")) == 3
    outbox.remove(spool.results / "key-2")  # delivered later, but older
    outbox.remove(spool.results / "key-1")
    assert number_of(outbox.last_record("key")) == 3
    for number in (4, 4):
        outbox.put("key", "4", {"report.dcm": b""}, record(number))
    outbox.remove(spool.results / "key-4")
    assert number_of(outbox.last_record("key")) == 4


def test_a_report_with_the_same_number_is_remembered_too(outbox: Outbox, spool: Spool) -> None:
    """By another version of the bundle: its images are those that were classified last."""
    first, second = record(1), record(1)
    second.report.SOPInstanceUID = "1.2.99"
    for digest, content in (("a", first), ("b", second)):
        outbox.put("key", digest, {"report.dcm": b""}, content)
        outbox.remove(spool.results / f"key-{digest}")
    last = outbox.last_record("key")
    assert last is not None
    assert last.report.SOPInstanceUID == "1.2.99"


def test_nothing_is_remembered_where_that_is_not_wanted(spool: Spool) -> None:
    outbox = Outbox(spool, 0)
    outbox.put("key", "digest", {"report.dcm": b""}, record())
    outbox.remove(spool.results / "key-digest")
    assert list(spool.results.iterdir()) == list(spool.reported.iterdir()) == []
    assert outbox.last_record("key") is None


def test_a_result_with_a_damaged_record_is_still_removed(outbox: Outbox, spool: Spool) -> None:
    outbox.put("key", "digest", {"report.dcm": b""}, record())
    (spool.results / "key-digest" / "record.json").write_bytes(b"{")
    outbox.remove(spool.results / "key-digest")
    assert list(spool.results.iterdir()) == list(spool.reported.iterdir()) == []


def test_old_records_are_forgotten_and_others_are_not(outbox: Outbox, spool: Spool) -> None:
    now = time.time()
    for key, age in (("fresh", 0), ("recent", 3500), ("old", 3700), ("of the future", -3700)):
        path = spool.reported / f"{key}.json"
        path.write_bytes(record().dump())
        os.utime(path, (now - age, now - age))
    outbox.forget_old()
    assert {path.stem for path in spool.reported.iterdir()} == {"fresh", "recent"}


def test_each_file_is_marked_on_its_own_for_each_destination(outbox: Outbox) -> None:
    outbox.put("key", "digest", {"report.dcm": b"", "heat-map.dcm": b""}, record())
    (folder,) = outbox.waiting()
    mark_delivered(folder / "report.dcm", "node")
    assert [path.name for path in undelivered(folder, "node")] == ["heat-map.dcm"]
    assert [path.name for path in undelivered(folder, "folder")] == ["heat-map.dcm", "report.dcm"]
    assert [path.name for path in dicom_files(folder)] == ["heat-map.dcm", "report.dcm"]


def test_what_is_refused_is_kept_apart_and_no_longer_to_be_delivered(outbox: Outbox, spool: Spool) -> None:
    outbox.put("key", "digest", {"report.dcm": b"report"}, record())
    (folder,) = outbox.waiting()
    aside = outbox.set_aside(folder / "report.dcm", "node")
    assert aside == spool.root / "refused" / "node" / "report.dcm"
    assert (undelivered(folder, "node"), len(undelivered(folder, "folder"))) == ([], 1)
    outbox.remove(folder)
    assert aside.read_bytes() == b"report"
    assert (stat.S_IMODE(aside.stat().st_mode), stat.S_IMODE(aside.parent.stat().st_mode)) == (0o600, 0o700)


def test_a_result_that_an_earlier_version_marked_as_a_whole_is_not_delivered_again(outbox: Outbox) -> None:
    outbox.put("key", "digest", {"report.dcm": b""}, record())
    (folder,) = outbox.waiting()
    (folder / "node.done").touch()
    assert (undelivered(folder, "node"), len(undelivered(folder, "folder"))) == ([], 1)
