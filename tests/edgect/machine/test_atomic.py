"""A file is replaced as a whole or not at all."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

import pytest

from edgect.machine import atomic


@pytest.mark.parametrize("durable", [True, False])
def test_a_file_is_replaced_and_nothing_else_stays(tmp_path: Path, durable: bool) -> None:
    file = tmp_path / "rows.csv"
    atomic.write(file, b"old", durable=durable)
    atomic.write(file, b"new", durable=durable)
    assert file.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [file]


def test_the_old_content_is_read_until_the_new_one_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes(b"old")
    with atomic.replacing(file) as part:
        part.write(b"new")
        part.flush()
        assert file.read_bytes() == b"old"
    assert file.read_bytes() == b"new"


def test_a_block_that_raises_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes(b"old")
    with suppress(KeyboardInterrupt), atomic.replacing(file) as part:
        part.write(b"n")
        raise KeyboardInterrupt
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_what_cannot_be_renamed_leaves_no_part(tmp_path: Path) -> None:
    (tmp_path / "folder" / "full").mkdir(parents=True)
    with pytest.raises(OSError, match="folder"):
        atomic.write(tmp_path / "folder", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_a_file_is_made_with_its_permissions(tmp_path: Path) -> None:
    atomic.write(tmp_path / "salt", b"secret", mode=0o600)
    assert stat.S_IMODE((tmp_path / "salt").stat().st_mode) == 0o600
