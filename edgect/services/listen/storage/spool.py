"""Images on the disk, from before they are acknowledged until they are answered on."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import BinaryIO, NamedTuple

from edgect.batch.lock import open_locked
from edgect.errors import EdgectError, UsageError
from edgect.services.listen.config import Settings
from edgect.services.listen.storage.durable import fsync_folder, write_new

SUFFIX = ".dcm"
_DIGITS = 32  # hexadecimal: of the hash that stands for identifiers in names of files


class Image(NamedTuple):
    """One that waits. version: by which it is told from one of the same name that comes later."""

    path: Path
    version: tuple[int, int]

    @classmethod
    def at(cls, path: Path) -> Image:
        status = path.stat()
        return cls(path, (status.st_ino, status.st_mtime_ns))


class FullError(EdgectError):
    """There is no room for another image."""


class Spool:
    """`waiting/SERIES/IMAGE.dcm`; names are hashes of identifiers, never a sender's text.

    One process has it at a time. Raises UsageError where the folder cannot be used, or another has it.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.root = root = settings.spool
        self._incoming, self._waiting = root / "incoming", root / "waiting"
        self._kept, self._aside = root / "kept", root / "set-aside"
        self.results, self.reported = root / "results", root / "reported"
        try:
            for folder in (root, self._incoming, self._waiting, self.results, self.reported):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            root.chmod(0o700)
            lock = open_locked(root / "lock")
        except OSError as error:
            raise UsageError(f"--spool {root}: cannot be used ({error.strerror or error})") from error
        if lock is None:
            raise UsageError(f"--spool {root}: another edgect listens with it")
        self._lock: BinaryIO = lock
        self._change = Lock()
        self._last: dict[str, float] = {}  # when an image of the series came, by the monotonic clock
        for part in self._incoming.iterdir():  # was never acknowledged
            part.unlink()
        sizes = [image.stat().st_size for image in self._waiting.glob(f"*/*{SUFFIX}")]
        self._images, self._bytes = len(sizes), sum(sizes)
        for folder in self._waiting.iterdir():  # whose sender may be about to go on
            self._last[folder.name] = time.monotonic()

    def close(self) -> None:
        self._lock.close()

    @property
    def images(self) -> int:
        """How many wait."""
        return self._images

    def put(self, content: bytes, series: str, instance: str) -> None:
        """Keep an image so that not even a power cut loses it; one that is sent again replaces the first.

        series: what it is answered on together with. instance: UID. Raises FullError, OSError.
        """
        with self._room(len(content)):
            key = hashed(series)
            file = self._waiting / key / (hashed(instance) + SUFFIX)
            part = write_new(self._incoming, content)
            with self._change:
                file.parent.mkdir(mode=0o700, exist_ok=True)
                again = file.stat().st_size if file.exists() else None
                part.replace(file)
                self._last[key] = time.monotonic()
                if again is not None:
                    self._images, self._bytes = self._images - 1, self._bytes - again
        fsync_folder(file.parent)
        fsync_folder(self._waiting)

    def quiet(self) -> Iterator[str]:
        """The series of which no image has come for a while, the one that waits longest first."""
        with self._change:
            last = sorted(self._last.items(), key=lambda one: one[1])
        for key, when in last:
            if time.monotonic() - when >= self._settings.quiet:
                yield key

    def images_of(self, key: str) -> list[Image]:
        with self._change:
            return [Image.at(path) for path in sorted((self._waiting / key).glob(f"*{SUFFIX}"))]

    def forget(self, key: str, images: Iterable[Image]) -> None:
        """Images that were answered on go, or to `kept/`; those that were sent again meanwhile stay."""
        self._leave(key, images, self._kept if self._settings.keep else None)

    def set_aside(self, key: str, images: Iterable[Image]) -> Path:
        """Images that no result can be made of, for somebody to look at; returns the folder they are in."""
        self._leave(key, images, self._aside)
        return self._aside / key

    def _leave(self, key: str, images: Iterable[Image], to: Path | None) -> None:
        folder = self._waiting / key
        with self._change:
            for image in images:
                if Image.at(image.path).version != image.version:
                    continue
                length = image.path.stat().st_size
                if to is None:
                    image.path.unlink()
                else:
                    (to / key).mkdir(mode=0o700, parents=True, exist_ok=True)
                    image.path.replace(to / key / image.path.name)
                self._images, self._bytes = self._images - 1, self._bytes - length
            with suppress(OSError):  # more images have come
                folder.rmdir()
            if not folder.exists():
                self._last.pop(key, None)

    @contextmanager
    def _room(self, length: int) -> Iterator[None]:
        settings = self._settings
        with self._change:
            if self._images >= settings.images:
                raise FullError(f"{self._images:,} images wait")
            if self._bytes + length > settings.bytes:
                raise FullError(f"{self._bytes:,} bytes wait")
            if shutil.disk_usage(self.root).free < settings.free + length:
                raise FullError("the disk is nearly full")
            self._images += 1
            self._bytes += length
        try:
            yield
        except BaseException:
            with self._change:
                self._images -= 1
                self._bytes -= length
            raise


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:_DIGITS]
