"""A file has one holder at a time, and the holder has the file that bears the name."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO

import pytest

from edgect.machine.lock import open_locked

fcntl = pytest.importorskip("fcntl", reason="locks as POSIX has them")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rows.partial"


def test_it_is_read_and_appended_to_by_one_at_a_time(file: Path) -> None:
    file.write_bytes(b"earlier ")
    first = open_locked(file)
    assert first is not None
    assert open_locked(file) is None
    first.seek(0)
    assert first.read() == b"earlier "
    first.seek(0)
    first.write(b"rows")
    assert file.read_bytes() == b"earlier rows"  # at once
    first.close()
    second = open_locked(file)
    assert second is not None
    second.close()


def get_its_name(file: Path) -> None:
    file.rename(file.with_name("rows"))


def be_replaced(file: Path) -> None:
    get_its_name(file)
    file.write_bytes(b"of a third run")


@pytest.mark.parametrize("happen", [get_its_name, be_replaced])
def test_a_file_that_was_renamed_before_it_was_locked_is_opened_anew(
    file: Path, monkeypatch: pytest.MonkeyPatch, happen: Callable[[Path], None]
) -> None:
    """The other run may end between the opening and the locking."""
    file.write_bytes(b"whole")
    flock, opened = fcntl.flock, list[BinaryIO]()

    def lock(locked: BinaryIO, how: int) -> None:
        opened.append(locked)
        if len(opened) == 1:
            happen(file)
        flock(locked, how)

    monkeypatch.setattr(fcntl, "flock", lock)
    result = open_locked(file)
    assert result is not None
    with result:
        assert len(opened) == 2
        assert opened[0].closed
        assert os.path.samestat(os.fstat(result.fileno()), file.stat())
    assert file.with_name("rows").read_bytes() == b"whole"


def refusing(error: OSError, monkeypatch: pytest.MonkeyPatch) -> list[BinaryIO]:
    """Have locking raise; the files that were to be locked."""
    opened = list[BinaryIO]()

    def refuse(locked: BinaryIO, _: Any) -> None:
        opened.append(locked)
        raise error

    monkeypatch.setattr(fcntl, "flock", refuse)
    return opened


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.EACCES])
def test_what_another_has_is_none(file: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    opened = refusing(OSError(number, "locked"), monkeypatch)
    assert open_locked(file) is None
    assert [locked.closed for locked in opened] == [True]


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL])
def test_where_there_are_no_locks_there_is_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    refusing(OSError(number, "no locks"), monkeypatch)
    result = open_locked(file)
    assert result is not None
    assert not result.closed
    result.close()


def test_any_other_error_is_raised(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = refusing(OSError(errno.EIO, "broken"), monkeypatch)
    with pytest.raises(OSError, match="broken"):
        open_locked(file)
    assert [locked.closed for locked in opened] == [True]
    with pytest.raises(FileNotFoundError):
        open_locked(file.parent / "gone" / "rows.partial")


@pytest.mark.parametrize("locked", [False, True])
def test_on_windows_the_lock_is_on_a_byte_that_no_row_reaches(
    file: Path, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    """What is locked there cannot be read, and its place must fit a signed number of 32 bits."""
    file.write_bytes(b"earlier")
    places: list[tuple[int, int, int]] = []

    def locking(handle: int, how: int, count: int) -> None:
        places.append((os.lseek(handle, 0, os.SEEK_CUR), how, count))
        if locked:
            raise PermissionError(errno.EACCES, "locked")

    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "msvcrt", SimpleNamespace(locking=locking, LK_NBLCK=2))
        patch.setattr(sys, "platform", "win32")
        result = open_locked(file)
    ((place, how, count),) = places
    assert 2**31 - 8 < place < 2**31 - 1
    assert (how, count) == (2, 1)
    assert (result is None) == locked
    if result is not None:
        with result:
            assert result.read() == b"earlier"
