"""A file's content to its frames, by the reader of its format."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from importlib import import_module
from zipfile import is_zipfile

import edgect.scans.pictures.raster  # noqa: F401  # most inputs are pictures: loaded before a process forks
from edgect.errors import ScanError
from edgect.scans.formats import HEAD_LENGTH, TITLES, ZIP, Format, format_by_name, format_of
from edgect.scans.frame import Frame
from edgect.scans.options import Limits, Window

Reader = Callable[[bytes, str, Limits, Window], Iterator[Frame]]


def read_frames(
    content: bytes, name: str = "", limits: Limits | None = None, window: Window | None = None
) -> Iterator[Frame]:
    """Decode one file's content into its frames, in order; never raises for bad content.

    name: the file's name; its suffix decides whether foreign content is an `error` (a damaged
    image) or `rejected` (something that never was one). window: for what comes in Hounsfield units.
    """
    limits, window = limits or Limits(), window or Window()
    file_format = format_of(content[:HEAD_LENGTH], name)
    if file_format is None or file_format is ZIP:
        yield Frame(None, None, _foreign(content, file_format, name))
        return
    try:
        reader: Reader = import_module(file_format.reader).read_frames
        yield from reader(content, name, limits, window)
    except ImportError as error:
        if not file_format.extra:
            raise
        from edgect.machine.installation import not_installed_error

        reason = str(not_installed_error(file_format.extra, file_format.titles[0], error))
        yield Frame(None, None, ScanError(reason))


def _foreign(content: bytes, file_format: Format | None, name: str) -> ScanError:
    """Why nothing is read of a zip archive, or of content of no format."""
    promised = format_by_name(name)
    if promised is ZIP:
        if file_format is ZIP and is_zipfile(io.BytesIO(content)):
            return ScanError("a zip archive without files, or within another: unpack it", "rejected")
        return ScanError("not a zip archive, though named like one: damaged or cut short")
    reason = f"not an image: the content is none of {', '.join(TITLES)}"
    if file_format is ZIP:
        reason = "a zip archive whose name does not end in .zip, or within another: rename or unpack it"
    return ScanError(reason, "error" if promised else "rejected")
