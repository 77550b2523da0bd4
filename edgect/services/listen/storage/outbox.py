"""Results on the disk until they have been delivered: `results/SERIES-DIGEST/`, each whole or not there."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from edgect.services.listen.results.record import Record
from edgect.services.listen.storage.durable import PART, fsync_folder, write
from edgect.services.listen.storage.spool import Spool

RECORD, DONE = "record.json", ".done"


class Outbox:
    """remember: seconds that the record of a series is kept after its result has been delivered."""

    def __init__(self, spool: Spool, remember: float) -> None:
        self._results, self._reported, self._remember = spool.results, spool.reported, remember
        for unfinished in [*self._results.glob(f"*{PART}"), *self._reported.glob(f"*{PART}")]:
            shutil.rmtree(unfinished) if unfinished.is_dir() else unfinished.unlink()

    def put(self, key: str, digest: str, files: Mapping[str, bytes], record: Record) -> None:
        """A result of a series, unless it is there already. files: content by name. Raises OSError."""
        folder = self._results / f"{key}-{digest}"
        if folder.exists():
            return
        part = folder.with_name(folder.name + PART)
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700)
        for name, content in {**files, RECORD: record.dump()}.items():
            write(part / name, content)
        part.rename(folder)
        fsync_folder(self._results)

    def waiting(self) -> list[Path]:
        """The results that are not delivered yet, the first that was made first."""
        folders = [folder for folder in self._results.iterdir() if folder.suffix != PART]
        return sorted(folders, key=lambda folder: folder.stat().st_mtime_ns)

    def done(self, folder: Path) -> None:
        """A result has been delivered to all that should have it."""
        key, record = folder.name.partition("-")[0], Record.load(folder / RECORD)
        before = Record.load(self._reported / f"{key}.json")
        if record is not None and self._remember and (before is None or before.number <= record.number):
            (folder / RECORD).replace(self._reported / f"{key}.json")
            fsync_folder(self._reported)
        gone = folder.with_name(folder.name + PART)
        folder.rename(gone)
        shutil.rmtree(gone)

    def last(self, key: str) -> Record | None:
        """What the series was answered last, as far as that is remembered."""
        return max(self._records(key), key=lambda record: record.number, default=None)

    def forget_old(self) -> None:
        for record in self._reported.iterdir():
            if not 0 <= time.time() - record.stat().st_mtime < self._remember:
                record.unlink(missing_ok=True)

    def _records(self, key: str) -> Iterator[Record]:
        for path in [*self._results.glob(f"{key}-*/{RECORD}"), self._reported / f"{key}.json"]:
            if (record := Record.load(path)) is not None:
                yield record


def files(folder: Path) -> list[Path]:
    """The DICOM files of a result."""
    return sorted(folder.glob("*.dcm"))


def is_done(folder: Path, destination: str) -> bool:
    return (folder / f"{destination}{DONE}").exists()


def mark_done(folder: Path, destination: str) -> None:
    """Raises OSError."""
    write(folder / f"{destination}{DONE}", b"")
