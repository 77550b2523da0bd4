"""Which files a list of paths stands for, in which order."""

from __future__ import annotations

import os
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import islice, takewhile

from edgect.errors import ScanError, UsageError
from edgect.scans.files import archive, dicomdir, remote
from edgect.scans.files.read import read_head
from edgect.scans.formats import HEAD_LENGTH, TITLES, ZIP, format_by_name, format_of, is_index

_SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini", "__macosx"})  # what operating systems leave behind
_SEPARATORS = re.compile(
    r"[/\\]"
)  # in names of an archive's members: some programs of Windows write the other


def find_scans(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    """List the files to read: arguments in the order given, each folder's files sorted by path.

    Folders are searched to any depth, symbolic links are followed, and paths are returned as
    given, unresolved. Hidden files and the droppings of operating systems are left out; every
    other file is listed, image or not, since a scan with an odd name must not vanish. A folder
    that cannot be listed stands for itself, so that it too gets its row.

    A zip archive stands for the files in it, `scan.zip/folder/name`, or for itself where it cannot be
    listed or is empty. A DICOMDIR given by name stands for the files it lists, in its order, there or not;
    so does one in a folder that holds no image, so that it is seen what is missing.

    A URL is a path like any other (`edgect.scans.files.remote`); in stores that have no folders, one is what
    names have in common up to a slash.

    Raises UsageError: a path does not exist, no file looks like an image, or a package for a URL is missing.
    """
    arguments = [os.fspath(path) for path in paths]
    missing = [path for path in arguments if not _exists(path) and not archive.has_member(remote.local(path))]
    if missing:
        raise UsageError(f"no such file or folder: {', '.join(map(repr, missing))}")
    files: list[str] = []
    for path in arguments:
        start = path[: len(path) - len(remote.local(path))]  # of a `file://` URL
        files.extend(start + file for file in _files_of_argument(remote.local(path)))
    explicit = any(not _is_folder(path) for path in arguments)
    if not explicit and not any(map(may_be_image, files)):
        where = ", ".join(map(repr, arguments)) or "the paths given (none)"
        raise UsageError(f"no images in {where}; edgect reads {', '.join(TITLES)}")
    return files


def _files_of_argument(path: str) -> list[str]:
    """What one of the paths given stands for."""
    if not _is_folder(path):
        return dicomdir.listed_files(path) or sorted(_archive_members(path))
    entries = _walk_url(path) if remote.is_url(path) else _walk(path, ())
    files = sorted(file for entry in entries for file in _archive_members(entry))
    return sorted(_with_files_of_indexes(files)) if any(map(is_index, files)) else files


def _with_files_of_indexes(files: list[str]) -> Iterator[str]:
    """A folder's files, sorted; for an index beside which no image was copied, those that it lists."""
    for file in files:
        yield from (
            dicomdir.listed_files(file) if is_index(file) and _has_no_images(file, files) else ()
        ) or [file]


def _has_no_images(index: str, files: list[str]) -> bool:
    folder = os.path.join(os.path.dirname(index), "")
    below = takewhile(lambda file: file.startswith(folder), islice(files, bisect_left(files, folder), None))
    return not any(may_be_image(file) for file in below if not is_index(file))


def _exists(path: str) -> bool:
    return remote.exists(path) if remote.is_url(path) else os.path.lexists(remote.local(path))


def _is_folder(path: str) -> bool:
    return remote.is_folder(path) if remote.is_url(path) else os.path.isdir(remote.local(path))


def _walk_url(url: str) -> Iterator[str]:
    start = len(url.rstrip("/")) + 1
    for file in remote.files_below(url):
        if not any(_is_hidden(part) for part in file[start:].split("/")):
            yield file


def _walk(folder: str, above: tuple[tuple[int, int], ...]) -> Iterator[str]:
    try:
        status = os.stat(folder)
        entries = list(os.scandir(folder))
    except OSError:
        yield folder
        return
    identity = (status.st_dev, status.st_ino)
    if identity in above:  # a symbolic link back up: its files are listed already
        return
    for entry in entries:
        if _is_hidden(entry.name):
            continue
        if os.path.isdir(entry.path):
            yield from _walk(entry.path, (*above, identity))
        else:
            yield entry.path


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in _SYSTEM_FILES


def _archive_members(path: str) -> list[str]:
    """An archive's files, or the file itself."""
    if not archive.is_archive(path):
        return [path]
    try:
        names = archive.list_members(path)
    except ScanError:  # its row will say
        return [path]
    return [f"{path}/{name}" for name in visible_members(names)] or [path]


def visible_members(names: Iterable[str]) -> list[str]:
    """An archive's members without hidden files."""
    return [name for name in names if not any(_is_hidden_part(part) for part in _SEPARATORS.split(name))]


def _is_hidden_part(part: str) -> bool:
    """Names may begin with `./`, as those of bsdtar do, or lead out of the archive, as their rows say."""
    return part not in (os.curdir, os.pardir) and _is_hidden(part)


def may_be_image(path: str) -> bool:
    """Whether a file's suffix or first bytes say that it is an image, or it cannot be told."""
    if format_by_name(path) not in (None, ZIP):
        return True
    try:
        return format_of(read_head(path, HEAD_LENGTH), path) is not None or format_by_name(path) is ZIP
    except ScanError as error:
        return error.status == "error"  # cannot be told, so it gets its row
