"""Members of zip archives, as `scan.zip/folder/name`; nothing is ever unpacked to a disk."""

from __future__ import annotations

import io
import os
from functools import lru_cache
from pathlib import PurePosixPath
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from edgect.errors import ScanError
from edgect.scans.files import remote

SUFFIX = ".zip"
MAX_MEMBERS = 100_000  # of one archive, at most
DAMAGED = "not a zip archive, though named like one: damaged or cut short"
_LISTED = b"PK\1\2"  # begins each entry of an archive's list of files
METHODS = (ZIP_STORED, ZIP_DEFLATED)  # zipfile unpacks others by the chunk, however much comes out of it


def is_archive(path: str) -> bool:
    return path.lower().endswith(SUFFIX) and _is_file(path)


def list_members(path: str) -> list[str]:
    """Names of an archive's files, one for each as the archive spells it, without hidden ones.

    Raises ScanError where it cannot be listed, or holds more than `MEMBERS`.
    """
    return member_names(_open_path(path))


def split(path: str) -> tuple[str, str] | None:
    """The archive and the member that a path names, None where no part of it is an archive."""
    lower, start = path.lower(), 0
    while (position := lower.find(SUFFIX + "/", start)) >= 0:
        archive, member = path[: position + len(SUFFIX)], path[position + len(SUFFIX) + 1 :]
        if _is_file(archive):
            return archive, member
        start = position + 1
    return None


def has_member(path: str) -> bool:
    """Whether a path names a member that is there."""
    try:
        return (place := split(path)) is not None and place[1] in _open_path(place[0]).namelist()
    except ScanError:
        return False


def read(archive: str, member: str, length: int) -> bytes:
    """A member's first `length` bytes, where there are as many, whatever its header says.

    Raises ScanError: damaged, encrypted, there twice, or a name that leads out of the archive.
    """
    return read_member(_open_path(archive), member, length)


def open_bytes(content: bytes) -> ZipFile:
    """Raises ScanError where the content is no archive, or of too many files to be listed.

    zipfile makes an object of each before it tells how many there are: a few bytes become a kilobyte.
    """
    if (count := content.count(_LISTED)) > 2 * MAX_MEMBERS:  # of archives within it, some may be counted too
        raise ScanError(f"archive of about {count:,} files is over the limit of {MAX_MEMBERS:,}")
    try:
        return ZipFile(io.BytesIO(content))
    except Exception:  # parsers raise whatever they meet
        raise ScanError(DAMAGED) from None


def member_names(archive: ZipFile) -> list[str]:
    """As `list_members`, of an archive that is open."""
    if len(archive.infolist()) > MAX_MEMBERS:
        raise ScanError(f"archive of {len(archive.infolist()):,} files is over the limit of {MAX_MEMBERS:,}")
    return [info.filename for info in archive.infolist() if not _is_folder(info)]


def read_member(archive: ZipFile, member: str, length: int) -> bytes:
    """As `read`, of an archive that is open; several threads may read from one."""
    entries = [info for info in archive.infolist() if info.filename == member]
    if len(entries) != 1:
        twice = "is in the archive more than once: which one is meant?"
        raise ScanError(twice if entries else "is no longer in the archive")
    _check(entries[0])
    try:
        with archive.open(entries[0]) as file:
            return file.read(length)
    except Exception as error:  # zlib has its own, parsers raise whatever they meet
        raise ScanError(f"cannot be read from its archive: damaged ({type(error).__name__})") from None


def _check(info: ZipInfo) -> None:
    if not info.filename:
        raise ScanError("has no name in its archive: unpack it, or make it anew")
    parts = PurePosixPath(info.filename.replace("\\", "/")).parts
    if ".." in parts or info.filename.startswith(("/", "\\")) or info.filename[1:2] == ":":
        raise ScanError("its name leads out of the archive", "rejected")
    if info.flag_bits & 1:
        raise ScanError("encrypted: unpack the archive with its password")
    if info.compress_type not in METHODS:
        raise ScanError(f"compressed by method {info.compress_type}, not deflate: unpack the archive")


def _is_folder(info: ZipInfo) -> bool:
    """As some programs of Windows write it, too; `ZipInfo.is_dir` fails on a name that is empty."""
    return info.filename.endswith("/") or (info.filename.endswith("\\") and not info.file_size)


def _is_file(path: str) -> bool:
    return remote.is_file(path) if remote.is_url(path) else os.path.isfile(path)


def _open_path(path: str) -> ZipFile:
    try:
        if remote.is_url(path):
            return _open_cached(path, 0, remote.size(path), os.getpid())
        status = os.stat(path)
        return _open_cached(path, status.st_mtime_ns, status.st_size, os.getpid())
    except OSError as error:
        raise ScanError(f"cannot be read: {error.strerror or error}") from None
    except Exception:  # parsers raise whatever they meet
        raise ScanError(DAMAGED) from None


@lru_cache(maxsize=4)
def _open_cached(path: str, modified: int, size: int, process: int) -> ZipFile:
    """Kept open, since listing a large archive anew for each member would take minutes.

    process: its id, since after a fork both would read from one place in the file.
    """
    return ZipFile(remote.open_url(path) if remote.is_url(path) else path)
