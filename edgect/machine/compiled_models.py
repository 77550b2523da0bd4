"""A cache of compiled models between runs. Whatever goes wrong with it, edgect works without."""

from __future__ import annotations

import hashlib
import os
import secrets
import sys
from contextlib import suppress
from pathlib import Path

from edgect.machine.atomic import replacing

MAX_ENTRIES = 16  # entries, the least recently used of which go first; each is a few megabytes
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
    """Read what was stored under a key; None where nothing is, or what is there was damaged."""
    if (cache := folder()) is None:
        return None
    path = cache / _name(key)
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
    if (cache := folder()) is None:
        return
    with suppress(OSError):
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = cache / f"{secrets.token_hex(8)}{SUFFIX}"  # an entry to `_drop_oldest`, if a kill leaves it
        with replacing(cache / _name(key), durable=False, mode=0o600, part=part) as file:
            file.writelines((_digest(key, content), content))
        _drop_oldest(cache)


def _name(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32] + SUFFIX


def _digest(key: str, content: bytes | memoryview) -> bytes:
    """Of key and content, so that an entry renamed to another key's name is not taken for its."""
    digest = hashlib.sha256(hashlib.sha256(key.encode()).digest())
    digest.update(content)
    return digest.digest()


def _drop_oldest(cache: Path) -> None:
    """Keep `MAX_ENTRIES` entries; what a kill left half written counts as one, and so goes in time."""
    entries = sorted(cache.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in entries[MAX_ENTRIES:]:
        path.unlink(missing_ok=True)
