"""A file's content to its frames, by what kind of file it is."""

from __future__ import annotations

import io
from collections.abc import Iterator
from zipfile import is_zipfile

from edgect.errors import ScanError
from edgect.scans.frame import Frame
from edgect.scans.hounsfield import Window
from edgect.scans.limits import Limits
from edgect.scans.pictures import raster
from edgect.scans.signature import LENGTH, READ, Kind, kind_by_name, kind_of

EXTRAS: dict[Kind, str] = {"dicom": "DICOM", "nifti": "NIfTI"}


def read_frames(
    content: bytes, name: str = "", limits: Limits | None = None, window: Window | None = None
) -> Iterator[Frame]:
    """Decode one file's content into its frames, in order; never raises for bad content.

    name: the file's name; its suffix decides whether foreign content is an `error` (a damaged
    image) or `rejected` (something that never was one). window: for what comes in Hounsfield units.
    """
    limits, window = limits or Limits(), window or Window()
    kind = kind_of(content[:LENGTH], name)
    try:
        if kind == "picture":
            yield from raster.read_frames(content, limits)
        elif kind == "dicom":
            from edgect.scans import dicom

            yield from dicom.read_frames(content, limits, window)
        elif kind == "nifti":
            from edgect.scans import nifti

            yield from nifti.read_frames(content, name, limits, window)
        else:
            yield Frame(None, None, _foreign(content, kind, name))
    except ImportError as error:
        if kind not in EXTRAS:
            raise
        from edgect.machine.installation import not_installed_error

        yield Frame(None, None, ScanError(str(not_installed_error(kind, EXTRAS[kind], error))))


def _foreign(content: bytes, kind: Kind | None, name: str) -> ScanError:
    promised = kind_by_name(name)
    if promised == "zip":
        if kind == "zip" and is_zipfile(io.BytesIO(content)):
            return ScanError("a zip archive without files, or within another: unpack it", "rejected")
        return ScanError("not a zip archive, though named like one: damaged or cut short")
    reason = f"not an image: the content is none of {', '.join(READ)}"
    if kind == "zip":
        reason = "a zip archive whose name does not end in .zip, or within another: rename or unpack it"
    return ScanError(reason, "error" if promised else "rejected")
