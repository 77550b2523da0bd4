"""Results on the disk until they have been delivered: `results/SERIES-DIGEST/`, each whole or not there.

Beside each file stands for which destinations it is done. What one refuses is kept in `refused/DESTINATION/`.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from edgect.machine import atomic
from edgect.services.listen.results.record import ResultRecord
from edgect.services.listen.storage.spool import Spool, sync_folder

RECORD, PART, DELIVERED, REFUSED = "record.json", ".part", ".done", ".refused"


class Outbox:
    """remember_seconds: for which the record of a series is kept after its result has been delivered."""

    def __init__(self, spool: Spool, remember_seconds: float) -> None:
        self._results, self._reported, self._refused = spool.results, spool.reported, spool.refused
        self._remember_seconds = remember_seconds
        for unfinished in [*self._results.glob(f"*{PART}"), *self._reported.glob(f"*{PART}")]:
            shutil.rmtree(unfinished) if unfinished.is_dir() else unfinished.unlink()

    def put(self, key: str, digest: str, files: Mapping[str, bytes], record: ResultRecord) -> None:
        """Store a result of a series, unless it is there already. files: content by name. Raises OSError."""
        folder = self._results / f"{key}-{digest}"
        if folder.exists():
            return
        part = folder.with_name(folder.name + PART)
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700)
        for name, content in {**files, RECORD: record.dump()}.items():
            atomic.write(part / name, content, mode=0o600)
        sync_folder(part)  # images are deleted once their result is here
        part.rename(folder)
        sync_folder(self._results)

    def waiting(self) -> list[Path]:
        """The results that are not delivered yet, the oldest first."""
        folders = [folder for folder in self._results.iterdir() if folder.suffix != PART]
        return sorted(folders, key=lambda folder: folder.stat().st_mtime_ns)

    def remove(self, folder: Path) -> None:
        """Remove a result that has been delivered to every destination; its record is remembered."""
        key, record = folder.name.partition("-")[0], ResultRecord.load(folder / RECORD)
        previous = ResultRecord.load(self._reported / f"{key}.json")
        is_latest = record is not None and (previous is None or previous.number <= record.number)
        if self._remember_seconds and is_latest:
            (folder / RECORD).replace(self._reported / f"{key}.json")
            sync_folder(self._reported)
        removed = folder.with_name(folder.name + PART)
        folder.rename(removed)
        shutil.rmtree(removed)

    def set_aside(self, file: Path, destination: str) -> Path:
        """Keep a file that a destination refuses for somebody to look at; return where. Raises OSError."""
        folder = self._refused / destination
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside = folder / file.name
        atomic.write(aside, file.read_bytes(), mode=0o600)
        sync_folder(folder)
        atomic.write(_mark(file, destination, REFUSED), b"", mode=0o600)
        return aside

    def last_record(self, key: str) -> ResultRecord | None:
        """The record of the last result of a series, as far as it is remembered."""
        return max(self._records(key), key=lambda record: record.number, default=None)

    def forget_old(self) -> None:
        """Delete records older than `remember_seconds`."""
        for record in self._reported.iterdir():
            if not 0 <= time.time() - record.stat().st_mtime < self._remember_seconds:
                record.unlink(missing_ok=True)

    def _records(self, key: str) -> Iterator[ResultRecord]:
        for path in [*self._results.glob(f"{key}-*/{RECORD}"), self._reported / f"{key}.json"]:
            if (record := ResultRecord.load(path)) is not None:
                yield record


def dicom_files(folder: Path) -> list[Path]:
    """The DICOM files of a result."""
    return sorted(folder.glob("*.dcm"))


def undelivered(folder: Path, destination: str) -> list[Path]:
    """The DICOM files of a result that a destination neither has nor refuses."""
    if (folder / f"{destination}{DELIVERED}").exists():  # as earlier versions marked a whole result
        return []
    return [
        file
        for file in dicom_files(folder)
        if not any(_mark(file, destination, suffix).exists() for suffix in (DELIVERED, REFUSED))
    ]


def mark_delivered(file: Path, destination: str) -> None:
    """Raises OSError."""
    atomic.write(_mark(file, destination, DELIVERED), b"", mode=0o600)


def _mark(file: Path, destination: str, suffix: str) -> Path:
    return file.with_name(f"{file.name}.{destination}{suffix}")
