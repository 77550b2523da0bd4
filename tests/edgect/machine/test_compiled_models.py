from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from edgect.machine import compiled_models as cache

BIG = os.urandom(100_000)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDGECT_CACHE_DIR", str(tmp_path / "deep" / "cache"))
    return tmp_path / "deep" / "cache"


def test_what_was_stored_is_read_by_its_key_only(place: Path) -> None:
    assert cache.load("first") is None
    cache.store("first", BIG)
    cache.store("other", b"")
    assert cache.load("first") == BIG
    assert cache.load("other") == b""
    assert cache.load("third") is None


def test_storing_again_replaces(place: Path) -> None:
    cache.store("key", b"old")
    cache.store("key", BIG)
    assert cache.load("key") == BIG
    assert len(list(place.iterdir())) == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda entry: b"",
        lambda entry: entry[:10],
        lambda entry: entry[:-1],
        lambda entry: entry + b"\0",
        lambda entry: bytes([entry[0] ^ 1]) + entry[1:],
        lambda entry: entry[:-1] + bytes([entry[-1] ^ 1]),
        lambda entry: bytes(len(entry)),
    ],
)
def test_a_damaged_entry_is_none_and_is_replaced(place: Path, damage: object) -> None:
    assert callable(damage)
    cache.store("key", BIG)
    (entry,) = place.iterdir()
    entry.write_bytes(damage(entry.read_bytes()))
    assert cache.load("key") is None
    cache.store("key", BIG)
    assert cache.load("key") == BIG


def test_an_entry_of_another_key_is_not_taken(place: Path) -> None:
    cache.store("first", b"of first")
    (first,) = place.iterdir()
    cache.store("other", b"of the other")
    (other,) = set(place.iterdir()) - {first}
    os.replace(other, first)
    assert cache.load("first") is None


def test_the_least_recently_used_go_first(place: Path) -> None:
    for number in range(cache.MAX_ENTRIES):
        cache.store(str(number), b"x")
        newest = max(place.iterdir(), key=lambda path: path.stat().st_ctime_ns)
        os.utime(newest, (number, number))
    assert cache.load("0") == b"x"  # which makes 1 the oldest
    cache.store("new", b"x")
    kept = [key for key in (*map(str, range(cache.MAX_ENTRIES)), "new") if cache.load(key)]
    assert kept == ["0", *map(str, range(2, cache.MAX_ENTRIES)), "new"]
    assert len(list(place.iterdir())) == cache.MAX_ENTRIES


def test_writers_at_the_same_time_leave_one_whole_entry(place: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: cache.store("key", BIG), range(40)))
    assert cache.load("key") == BIG
    assert len(list(place.iterdir())) == 1


def test_a_folder_that_cannot_be_made_is_done_without(place: Path) -> None:
    place.parent.write_bytes(b"a file where the folder should be")
    cache.store("key", BIG)
    assert cache.load("key") is None


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_done_without(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.store("kept", BIG)
    before = sorted(place.iterdir())

    open_file = os.open

    def full(path: Path, flags: int, mode: int = 0o777) -> int:
        if not flags & os.O_CREAT:
            return open_file(path, flags, mode)
        os.close(open_file(path, flags, mode))
        return open_file("/dev/full", os.O_WRONLY)

    with monkeypatch.context() as patch:
        patch.setattr("os.open", full)
        cache.store("key", BIG)
    assert cache.load("key") is None
    assert cache.load("kept") == BIG
    assert sorted(place.iterdir()) == before


def test_nothing_as_the_folder_turns_the_cache_off(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGECT_CACHE_DIR", "")
    monkeypatch.chdir(place.parent.parent)
    cache.store("key", BIG)
    assert cache.load("key") is None
    assert list(place.parent.parent.iterdir()) == []


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="other conventions")
def test_the_users_cache_folder_is_where_the_platform_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EDGECT_CACHE_DIR", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache.folder() == tmp_path / ".cache" / "edgect"
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    assert cache.folder() == tmp_path / ".cache" / "edgect"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache.folder() == tmp_path / "xdg" / "edgect"
