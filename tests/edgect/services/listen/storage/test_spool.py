"""No image that was acknowledged is lost, and none that was not is counted."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edgect.errors import UsageError
from edgect.services.listen.config import NodeConfig
from edgect.services.listen.storage.spool import Spool, SpoolFullError

Open = Callable[..., Spool]


@pytest.fixture
def open_spool(tmp_path: Path) -> Iterator[Open]:
    """Opens the spool of one folder; one that is open is closed before."""
    opened: list[Spool] = []

    def open_(**changes: Any) -> Spool:
        for spool in opened:
            spool.close()
        settings = {"quiet_seconds": 0, "min_free": 0, "out": tmp_path / "out", **changes}
        opened.append(Spool(NodeConfig("EDGECT", "127.0.0.1", 0, tmp_path / "spool", **settings)))
        return opened[-1]

    yield open_
    for spool in opened:
        spool.close()


def waiting(spool: Spool) -> list[bytes]:
    return sorted(path.read_bytes() for path in spool.root.glob("waiting/*/*.dcm"))


def test_an_image_is_whole_private_and_under_no_name_of_its_sender(open_spool: Open) -> None:
    spool = open_spool()
    spool.put(b"content", "a series", "1.2.3")
    (path,) = spool.root.glob("waiting/*/*")
    assert path.read_bytes() == b"content"
    assert (path.suffix, stat.S_IMODE(path.stat().st_mode)) == (".dcm", 0o600)
    assert stat.S_IMODE(path.parent.stat().st_mode) == stat.S_IMODE(spool.root.stat().st_mode) == 0o700
    assert not any(secret in str(path.relative_to(spool.root)) for secret in ("a series", "1.2.3"))
    assert list(spool.root.glob("incoming/*")) == []
    assert spool.images == 1


def test_images_of_one_series_wait_together_and_others_apart(open_spool: Open) -> None:
    spool = open_spool()
    for series, instance in (("a", "1"), ("a", "2"), ("b", "1")):
        spool.put(f"{series}{instance}".encode(), series, instance)
    together = [
        sorted(image.path.read_bytes() for image in spool.images_of(key)) for key in spool.quiet_series()
    ]
    assert together == [[b"a1", b"a2"], [b"b1"]]
    assert spool.images == 3


def test_an_image_that_is_sent_again_replaces_the_first_and_needs_no_more_room(open_spool: Open) -> None:
    spool = open_spool(max_images=3, max_bytes=20)
    spool.put(b"x" * 9, "a", "1")
    spool.put(b"y" * 5, "a", "1")
    assert (waiting(spool), spool.images) == ([b"y" * 5], 1)
    spool.put(b"z" * 15, "a", "2")  # 5 + 15 of 20 bytes
    with pytest.raises(SpoolFullError, match="20 bytes wait"):
        spool.put(b"!", "a", "3")


def test_no_more_images_than_there_is_room_for(open_spool: Open) -> None:
    spool = open_spool(max_images=2)
    spool.put(b"1", "a", "1")
    spool.put(b"2", "a", "2")
    with pytest.raises(SpoolFullError, match="2 images wait"):
        spool.put(b"3", "a", "3")
    assert waiting(spool) == [b"1", b"2"]
    (key,) = spool.quiet_series()
    spool.remove(key, spool.images_of(key)[:1])
    spool.put(b"3", "a", "3")
    assert spool.images == 2


def test_bytes_of_images_that_left_are_free_again(open_spool: Open) -> None:
    spool = open_spool(max_bytes=10)
    spool.put(b"x" * 10, "a", "1")
    (key,) = spool.quiet_series()
    spool.remove(key, spool.images_of(key))
    spool.put(b"y" * 10, "a", "2")
    assert waiting(spool) == [b"y" * 10]
    with pytest.raises(SpoolFullError):
        spool.put(b"!", "a", "3")


def test_the_disk_is_not_filled(open_spool: Open) -> None:
    spool = open_spool(min_free=2**62)
    with pytest.raises(SpoolFullError, match="the disk is nearly full"):
        spool.put(b"x", "a", "1")
    assert (waiting(spool), spool.images) == ([], 0)


@pytest.mark.parametrize(("missing", "fits"), [(0, True), (1, False)])
def test_an_image_leaves_free_what_is_to_stay_free(
    open_spool: Open, monkeypatch: pytest.MonkeyPatch, missing: int, fits: bool
) -> None:
    spool = open_spool(min_free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000 + 7 - missing))
    if fits:
        spool.put(b"x" * 7, "a", "1")
    else:
        with pytest.raises(SpoolFullError, match="the disk is nearly full"):
            spool.put(b"x" * 7, "a", "1")
    assert spool.images == fits


@pytest.mark.parametrize("fails", ["file", "folder"])
def test_an_image_that_the_disk_does_not_keep_is_an_error(
    open_spool: Open, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    spool, fsync = open_spool(max_images=1, max_bytes=1), os.fsync

    def broken(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode) == (fails == "folder"):
            raise OSError(5, "Input/output error")
        fsync(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", broken)
        with pytest.raises(OSError, match="Input/output"):
            spool.put(b"x", "a", "1")
    if fails == "file":
        spool.put(b"y", "a", "1")  # its room is free again
    assert waiting(spool) == ([b"y"] if fails == "file" else [b"x"])
    assert spool.images == 1
    assert list(spool.root.glob("incoming/*")) == []


def test_every_folder_on_the_way_to_an_image_is_synced(
    open_spool: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, synced = open_spool(), dict[int, int]()
    fsync = os.fsync

    def recorded(descriptor: int) -> None:
        synced[os.fstat(descriptor).st_ino] = os.fstat(descriptor).st_size
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", recorded)
    spool.put(b"x", "a", "1")
    (path,) = spool.root.glob("waiting/*/*")
    assert {path.stat().st_ino, path.parent.stat().st_ino, path.parents[1].stat().st_ino} <= synced.keys()
    assert synced[path.stat().st_ino] == 1  # all of it


def test_a_series_counts_once_nothing_came_for_a_while(open_spool: Open) -> None:
    spool = open_spool(quiet_seconds=3600)
    spool.put(b"x", "a", "1")
    assert list(spool.quiet_series()) == []
    again = open_spool(quiet_seconds=3600)  # the sender may go on after a restart
    assert list(again.quiet_series()) == []


def test_the_series_that_waits_longest_comes_first(open_spool: Open) -> None:
    spool = open_spool()
    for series, instance in (("a", "1"), ("b", "1"), ("a", "2")):
        spool.put(series.encode(), series, instance)
    first, second = spool.quiet_series()
    assert [len(spool.images_of(key)) for key in (first, second)] == [1, 2]


def test_an_image_that_is_sent_again_meanwhile_stays(open_spool: Open) -> None:
    spool = open_spool()
    spool.put(b"old", "a", "1")
    spool.put(b"other", "a", "2")
    (key,) = spool.quiet_series()
    images = spool.images_of(key)
    spool.put(b"new", "a", "1")
    spool.remove(key, images)
    assert (waiting(spool), spool.images) == ([b"new"], 1)
    assert list(spool.quiet_series()) == [key]
    spool.remove(key, spool.images_of(key))
    assert (waiting(spool), spool.images, list(spool.quiet_series())) == ([], 0, [])
    assert list(spool.root.glob("waiting/*")) == []


@pytest.mark.parametrize(("keep", "kept"), [(True, [b"x"]), (False, [])])
def test_images_with_a_result_are_kept_where_that_is_asked_for(
    open_spool: Open, keep: bool, kept: list[bytes]
) -> None:
    spool = open_spool(keep_images=keep)
    spool.put(b"x", "a", "1")
    (key,) = spool.quiet_series()
    spool.remove(key, spool.images_of(key))
    assert [path.read_bytes() for path in spool.root.glob(f"kept/{key}/*.dcm")] == kept
    assert (waiting(spool), spool.images) == ([], 0)


def test_images_without_a_result_are_set_aside_and_not_deleted(open_spool: Open) -> None:
    spool = open_spool()
    for number in range(2):
        spool.put(b"%d" % number, "a", str(number))
        (key,) = spool.quiet_series()
        folder = spool.set_aside(key, spool.images_of(key))
    assert sorted(path.read_bytes() for path in folder.iterdir()) == [b"0", b"1"]
    assert folder == spool.root / "set-aside" / key
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (waiting(spool), spool.images) == ([], 0)


def test_after_a_restart_everything_acknowledged_waits_and_nothing_else(open_spool: Open) -> None:
    spool = open_spool()
    spool.put(b"x" * 6, "a", "1")
    spool.put(b"y" * 4, "b", "1")
    (spool.root / "incoming" / "half.part").write_bytes(b"never acknowledged")
    again = open_spool(max_bytes=11, max_images=3)
    assert list(again.root.glob("incoming/*")) == []
    assert (waiting(again), again.images) == ([b"x" * 6, b"y" * 4], 2)
    assert len(list(again.quiet_series())) == 2
    with pytest.raises(SpoolFullError, match="10 bytes wait"):
        again.put(b"zz", "c", "1")
    again.put(b"z", "c", "1")
    with pytest.raises(SpoolFullError, match="3 images wait"):
        again.put(b"", "c", "2")


def test_an_empty_folder_of_a_series_goes(open_spool: Open) -> None:
    (open_spool().root / "waiting" / "0abc").mkdir()
    spool = open_spool()
    assert list(spool.quiet_series()) == ["0abc"]
    assert spool.images_of("0abc") == []
    spool.remove("0abc", [])
    assert list(spool.quiet_series()) == list(spool.root.glob("waiting/*")) == []


def test_a_folder_that_others_could_read_becomes_private(open_spool: Open, tmp_path: Path) -> None:
    (tmp_path / "spool").mkdir(mode=0o755)
    root = open_spool().root
    folders = [root, *(path for path in root.iterdir() if path.is_dir())]
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


def test_names_stay_as_earlier_versions_wrote_them(open_spool: Open) -> None:
    """What they left, images and results, has to be met after an upgrade; nor may both listen at once."""
    spool = open_spool(keep_images=True)
    series, instance = (hashlib.sha256(text.encode()).hexdigest()[:32] for text in ("a", "1.2.3"))
    for take_out in (spool.remove, spool.set_aside):
        spool.put(b"x", "a", "1.2.3")
        assert list(spool.root.glob("waiting/*/*")) == [spool.root / "waiting" / series / f"{instance}.dcm"]
        take_out(series, spool.images_of(series))
    names = {path.name for path in spool.root.iterdir()}
    assert names == {"incoming", "waiting", "kept", "set-aside", "results", "reported", "lock"}
    assert (spool.results.name, spool.reported.name) == ("results", "reported")


def test_the_folder_may_be_several_levels_deep(tmp_path: Path) -> None:
    config = NodeConfig("EDGECT", "127.0.0.1", 0, tmp_path / "a" / "b" / "spool", out=tmp_path / "out")
    Spool(config).close()
    assert (tmp_path / "a" / "b" / "spool" / "waiting").is_dir()


def test_identifiers_that_are_no_text_have_names_of_their_own(open_spool: Open) -> None:
    spool = open_spool()
    for instance in (b"1.\xfc", b"1.\xfd"):
        spool.put(instance, "a", instance.decode("ascii", "surrogateescape"))
    assert waiting(spool) == [b"1.\xfc", b"1.\xfd"]


def test_no_descriptor_stays_open(open_spool: Open, tmp_path: Path) -> None:
    """A node takes images for months."""
    spool = open_spool()

    def next_descriptor() -> int:
        with (tmp_path / "file").open("wb") as file:
            return file.fileno()

    before = next_descriptor()
    spool.put(b"x", "a", "1")
    assert next_descriptor() == before


def test_a_spool_has_one_owner_at_a_time(open_spool: Open, tmp_path: Path) -> None:
    open_spool().put(b"x", "a", "1")
    with pytest.raises(UsageError, match="another edgect listens with it"):
        Spool(NodeConfig("EDGECT", "127.0.0.1", 0, tmp_path / "spool", out=tmp_path / "out"))
    assert open_spool().images == 1


def test_a_file_in_place_of_the_folder_is_refused(open_spool: Open, tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("")
    with pytest.raises(UsageError, match="cannot be used"):
        open_spool()
