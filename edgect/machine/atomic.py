"""Files that are whole or not there: written under another name in the same folder, then renamed."""

from __future__ import annotations

import io
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(
    path: Path, *, durable: bool = True, mode: int = 0o666, part: Path | None = None
) -> Iterator[BinaryIO]:
    """Open a file to write that takes `path`'s place, or becomes it, when the block ends well.

    Readers see the old content or the new one, never a part. durable: the new content stays through a power
    cut that comes after the block; without it a power cut may leave either content, or an empty file on
    some file systems, which is right for a cache and for pictures that a run makes again. mode: permissions,
    less the umask. part: the name meanwhile, in the same folder; by default one that nothing else has.

    A block that raises leaves `path` as it was and no other file. Raises OSError.
    """
    part = part or path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(part, flags, mode), "wb") as file:
            yield file
            if durable:
                file.flush()
                sync(file)
        os.replace(part, path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


def write(path: Path, content: bytes, *, durable: bool = True, mode: int = 0o666) -> None:
    """Write a file, or replace it, as `replacing` does. Raises OSError."""
    with replacing(path, durable=durable, mode=mode) as file:
        file.write(content)


def sync(file: BinaryIO) -> None:
    """Have the disk hold what was written; nothing where a file is no such thing, as a pipe."""
    with suppress(io.UnsupportedOperation):
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make renames in a folder last; nothing where folders cannot be opened (Windows) or synced."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
