"""A file that one process at a time writes; the lock ends with the process, however that ends."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import BinaryIO

_UNKNOWN = frozenset({errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL})
_FAR = 2**31 - 2  # a byte that no file of rows has: on Windows others cannot read what is locked


def open_locked(path: Path) -> BinaryIO | None:
    """Open a file for reading and appending, unbuffered; None where another process has it.

    Where the file system knows no locks there is none. Raises OSError.
    """
    while True:
        file = path.open("a+b", buffering=0)
        try:
            if not _lock(file):
                file.close()
                return None
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        except FileNotFoundError:
            pass
        except BaseException:
            file.close()
            raise
        file.close()  # meanwhile the other process was done and gave the file its name


def _lock(file: BinaryIO) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(_FAR)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            file.seek(0)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        if error.errno not in _UNKNOWN:
            raise
    return True
