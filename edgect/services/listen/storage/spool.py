"""Images on the disk, from before they are acknowledged until there is a result."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import BinaryIO, NamedTuple

from edgect.errors import EdgectError, UsageError
from edgect.machine import atomic
from edgect.machine.lock import open_locked
from edgect.services.listen.config import NodeConfig

SUFFIX = ".dcm"
_HASH_DIGITS = 32  # hexadecimal: of the hash of identifiers in file names


class SpooledImage(NamedTuple):
    """An image that waits. version: differs for an image of the same name that is received later."""

    path: Path
    version: tuple[int, int]

    @classmethod
    def at(cls, path: Path) -> SpooledImage:
        status = path.stat()
        return cls(path, (status.st_ino, status.st_mtime_ns))


class SpoolFullError(EdgectError):
    """There is no room for another image."""


class Spool:
    """`waiting/SERIES/IMAGE.dcm`; names are hashes of identifiers, never a sender's text.

    One process has it at a time. Raises UsageError where the folder cannot be used, or another has it.
    """

    def __init__(self, config: NodeConfig) -> None:
        self._config = config
        self.root = root = config.spool
        self._incoming, self._waiting = root / "incoming", root / "waiting"
        self._kept, self._set_aside = root / "kept", root / "set-aside"
        self.results, self.reported, self.refused = root / "results", root / "reported", root / "refused"
        try:
            for folder in (root, self._incoming, self._waiting, self.results, self.reported):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            root.chmod(0o700)
            lock = open_locked(root / "lock")
        except OSError as error:
            raise UsageError(f"--spool {root}: cannot be used ({error.strerror or error})") from error
        if lock is None:
            raise UsageError(f"--spool {root}: another edgect listens with it")
        self._lock_file: BinaryIO = lock
        self._mutex = Lock()
        self._last_received: dict[str, float] = {}  # by series, on the monotonic clock
        self._studies: dict[str, str] = {}  # by series, hashed
        self._fault = ""  # of the disk, when an image was to be stored last
        for part in self._incoming.iterdir():  # never acknowledged
            part.unlink()
        sizes = [image.stat().st_size for image in self._waiting.glob(f"*/*{SUFFIX}")]
        self._images, self._bytes = len(sizes), sum(sizes)
        for folder in self._waiting.iterdir():  # whose sender may go on
            self._last_received[folder.name] = time.monotonic()

    def close(self) -> None:
        self._lock_file.close()

    @property
    def images(self) -> int:
        """How many wait."""
        return self._images

    @property
    def series(self) -> int:
        """Of how many series."""
        return len(self._last_received)

    @property
    def studies(self) -> int:
        """Of how many studies; of series from before a start each counts as one."""
        with self._mutex:
            return len({self._studies.get(key, key) for key in self._last_received})

    @property
    def free_bytes(self) -> int:
        """Of the disk; 0 where it cannot be asked."""
        try:
            return shutil.disk_usage(self.root).free
        except OSError:
            return 0

    def refusal(self) -> str:
        """Why an image would be refused now; empty where it would not."""
        with self._mutex:
            return self._why_full(0) or self._fault

    def put(self, content: bytes, series: str, instance: str, study: str = "") -> None:
        """Store an image so that not even a power cut loses it; one that is sent again replaces the first.

        series: the key of what it is classified with. instance: SOP Instance UID. study: its UID, for
        `studies` alone. Raises SpoolFullError, OSError.
        """
        key = hashed(series)
        try:
            self._put(content, key, hashed(instance) + SUFFIX)
        except OSError as error:
            self._fault = f"images cannot be stored ({error.strerror or type(error).__name__})"
            raise
        self._fault = ""
        with self._mutex:
            if study and key in self._last_received:  # or it is classified already
                self._studies[key] = hashed(study)

    def _put(self, content: bytes, key: str, name: str) -> None:
        file = self._waiting / key / name
        with self._reserved(len(content)):
            part = self._incoming / f"{secrets.token_hex(16)}.part"
            # this folder need not be synced: an image counts once it is in `waiting`
            with atomic.replacing(part, durable=False, mode=0o600) as incoming:
                incoming.write(content)
                incoming.flush()
                atomic.sync(incoming)
            with self._mutex:
                file.parent.mkdir(mode=0o700, exist_ok=True)
                replaced_bytes = file.stat().st_size if file.exists() else None
                part.replace(file)
                self._last_received[key] = time.monotonic()
                if replaced_bytes is not None:
                    self._images, self._bytes = self._images - 1, self._bytes - replaced_bytes
        sync_folder(file.parent)
        sync_folder(self._waiting)

    def quiet_series(self) -> Iterator[str]:
        """The series of which no image was received for a while, the longest wait first."""
        with self._mutex:
            received = sorted(self._last_received.items(), key=lambda item: item[1])
        for key, last in received:
            if time.monotonic() - last >= self._config.quiet_seconds:
                yield key

    def images_of(self, key: str) -> list[SpooledImage]:
        with self._mutex:
            return [SpooledImage.at(path) for path in sorted((self._waiting / key).glob(f"*{SUFFIX}"))]

    def remove(self, key: str, images: Iterable[SpooledImage]) -> None:
        """Delete images that have a result, or move them to `kept/`; those sent again meanwhile stay."""
        self._take_out(key, images, self._kept if self._config.keep_images else None)

    def set_aside(self, key: str, images: Iterable[SpooledImage]) -> Path:
        """Move images that no result can be made of to a folder for somebody to look at, and return it."""
        self._take_out(key, images, self._set_aside)
        return self._set_aside / key

    def _take_out(self, key: str, images: Iterable[SpooledImage], destination: Path | None) -> None:
        folder = self._waiting / key
        with self._mutex:
            for image in images:
                if SpooledImage.at(image.path).version != image.version:
                    continue
                length = image.path.stat().st_size
                if destination is None:
                    image.path.unlink()
                else:
                    (destination / key).mkdir(mode=0o700, parents=True, exist_ok=True)
                    image.path.replace(destination / key / image.path.name)
                self._images, self._bytes = self._images - 1, self._bytes - length
            with suppress(OSError):  # more images were received
                folder.rmdir()
            if not folder.exists():
                self._last_received.pop(key, None)
                self._studies.pop(key, None)

    def _why_full(self, length: int) -> str:
        """Why there is no room for so many bytes; empty where there is."""
        config = self._config
        if self._images >= config.max_images:
            return f"{self._images:,} images wait"
        if self._bytes + length > config.max_bytes:
            return f"{self._bytes:,} bytes wait"
        return "the disk is nearly full" if self.free_bytes < config.min_free + length else ""

    @contextmanager
    def _reserved(self, length: int) -> Iterator[None]:
        with self._mutex:
            if why := self._why_full(length):
                raise SpoolFullError(why)
            self._images += 1
            self._bytes += length
        try:
            yield
        except BaseException:
            with self._mutex:
                self._images -= 1
                self._bytes -= length
            raise


def sync_folder(folder: Path) -> None:
    """Make renames in a folder last. Raises OSError, which `atomic.sync_folder` does not.

    Senders delete what was acknowledged, so a disk that cannot keep it has to be an error.
    """
    if os.name == "nt":  # Windows opens no folders
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:_HASH_DIGITS]
