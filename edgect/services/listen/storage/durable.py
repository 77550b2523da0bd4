"""Files that are whole or not there, and stay through a power cut."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

PART = ".part"


def write_new(folder: Path, content: bytes) -> Path:
    """A file of some new name that ends in `.part`, readable by its owner alone, for the caller to rename."""
    path = folder / f"{secrets.token_hex(16)}{PART}"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def write(path: Path, content: bytes) -> None:
    """Write a file, or replace it. Raises OSError."""
    part = write_new(path.parent, content)
    try:
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    fsync_folder(path.parent)


def fsync_folder(folder: Path) -> None:
    if os.name == "nt":  # which opens no folders
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
