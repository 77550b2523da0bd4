"""What an engine made of a model, kept between runs. Whatever goes wrong with it, one does without."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

LIMIT = 16  # entries, the least recently used of which go first; each is a few megabytes
SUFFIX = ".model"
_DIGEST = hashlib.sha256().digest_size


def folder() -> Path | None:
    """Where entries lie: `EDGECT_CACHE_DIR`, else the user's cache folder as the platform has it.

    None where there is no such place, or `EDGECT_CACHE_DIR` is set to nothing.
    """
    if (chosen := os.environ.get("EDGECT_CACHE_DIR")) is not None:
        return Path(chosen) if chosen else None
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local, "edgect", "cache") if local else None
    try:
        if sys.platform == "darwin":
            return Path.home() / "Library" / "Caches" / "edgect"
        base = Path(os.environ.get("XDG_CACHE_HOME", ""))  # to be ignored unless absolute (XDG, Basics)
        return (base if base.is_absolute() else Path.home() / ".cache") / "edgect"
    except RuntimeError:  # a user without a home
        return None


def load(key: str) -> bytes | None:
    """What was stored under this key, None where nothing is, or what is there was damaged."""
    if (place := folder()) is None:
        return None
    path = place / _name(key)
    try:
        entry = path.read_bytes()
    except OSError:
        return None
    content = memoryview(entry)[_DIGEST:]
    if entry[:_DIGEST] != _digest(key, content):
        return None
    with suppress(OSError):
        os.utime(path)  # it was used
    return bytes(content)


def store(key: str, content: bytes) -> None:
    """Keep content under a key, whole or not at all. Never raises for a folder that takes nothing."""
    if (place := folder()) is None:
        return
    with suppress(OSError):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(place, place / _name(key), _digest(key, content), content)
        _drop_oldest(place)


def _write(place: Path, path: Path, *parts: bytes) -> None:
    handle, part = tempfile.mkstemp(SUFFIX, dir=place)
    try:
        with open(handle, "wb") as file:
            file.writelines(parts)
        os.replace(part, path)
    except BaseException:
        os.unlink(part)
        raise


def _name(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32] + SUFFIX


def _digest(key: str, content: bytes | memoryview) -> bytes:
    """Of key and content, so that an entry renamed to another key's name is not taken for its."""
    digest = hashlib.sha256(hashlib.sha256(key.encode()).digest())
    digest.update(content)
    return digest.digest()


def _drop_oldest(place: Path) -> None:
    """Keep `LIMIT` entries; what a kill left half written counts as one, and so goes in time."""
    entries = sorted(place.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in entries[LIMIT:]:
        path.unlink(missing_ok=True)
