"""A file's bytes, and the one slice of a file that holds one."""

from __future__ import annotations

import os
import stat

import numpy as np
from numpy.typing import NDArray

from edgect.errors import ScanError
from edgect.scans.files import archive, remote
from edgect.scans.frames import read_frames
from edgect.scans.options import Limits


def read_bytes(path: str, limits: Limits | None = None) -> bytes:
    """The content of a file, by its path or URL, or of a member of a zip archive.

    Raises ScanError when it is no regular file, empty, unreadable or too long.
    """
    limits, path = limits or Limits(), remote.local(path)
    if (member := archive.split(path)) is not None:
        content = archive.read(*member, limits.bytes + 1)
        if len(content) > limits.bytes:
            raise ScanError(f"file is, unpacked, over {limits.describe('bytes')}")
    elif remote.is_url(path):
        content = remote.read(path, limits.bytes + 1)
        if len(content) > limits.bytes:
            raise ScanError(f"file is over {limits.describe('bytes')}")
    else:
        check_length(_regular(path), limits)
        content = _read(path, -1)
    check_length(len(content), limits)
    return content


def check_length(length: int, limits: Limits) -> None:
    """Raises ScanError where a file of so many bytes is empty or too long."""
    if length == 0:
        raise ScanError("empty file (0 bytes)")
    if length > limits.bytes:
        raise ScanError(f"file of {length:,} bytes is over {limits.describe('bytes')}")


def read_head(path: str, length: int) -> bytes:
    """The first `length` bytes, or all there are. Raises ScanError as `read_bytes`."""
    path = remote.local(path)
    if (member := archive.split(path)) is not None:
        return archive.read(*member, length)
    if remote.is_url(path):
        return remote.read(path, length)
    _regular(path)
    return _read(path, length)


def _regular(path: str) -> int:
    """A regular file's length in bytes."""
    try:
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            os.scandir(path).close()
            raise ScanError("a folder, not a file")
    except OSError as error:
        raise ScanError(f"cannot be read: {error.strerror or error}") from error
    if not stat.S_ISREG(status.st_mode):
        raise ScanError("not a regular file", "rejected")
    return status.st_size


def _read(path: str, length: int) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(length)
    except OSError as error:
        raise ScanError(f"cannot be read: {error.strerror or error}") from error


def read_slice(path: str | os.PathLike[str]) -> NDArray[np.uint8]:
    """The one slice of a single-frame file, uint8 `[height, width]`.

    Raises ScanError naming the file when it cannot be read, holds several frames, or is
    nothing to give an answer on.
    """
    name = os.fspath(path)
    try:
        frames = list(read_frames(read_bytes(name), name))
        if len(frames) != 1:
            raise ScanError(f"holds {len(frames)} frames where one is expected")
        if frames[0].error is not None:
            raise frames[0].error
    except ScanError as error:
        raise ScanError(f"{name}: {error}", error.status) from error
    assert frames[0].pixels is not None
    return frames[0].pixels
