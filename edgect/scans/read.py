"""A file's bytes, and the one slice of a file that holds one."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgect.errors import ScanError
from edgect.scans.frames import read_frames
from edgect.scans.limits import Limits


def read_bytes(path: str, limits: Limits | None = None) -> bytes:
    """The file's content. Raises ScanError when it is no regular file, empty, unreadable or too long."""
    limits = limits or Limits()
    try:
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            os.scandir(path).close()
            raise ScanError("a folder, not a file")
        if not stat.S_ISREG(status.st_mode):
            raise ScanError("not a regular file", "rejected")
        if status.st_size > limits.bytes:
            raise ScanError(f"file of {status.st_size:,} bytes is over {limits.of('bytes')}")
        content = Path(path).read_bytes()
    except OSError as error:
        raise ScanError(f"cannot be read: {error.strerror or error}") from error
    if not content:
        raise ScanError("empty file (0 bytes)")
    return content


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
