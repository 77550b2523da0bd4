"""The formats that are read: how a file of each is recognized, and the module that decodes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

HEAD_LENGTH = 1024  # bytes of a file that are enough to recognize it
PICTURES = ("PNG", "JPEG", "WEBP", "TIFF", "BMP")  # as Pillow names them
_DICOM_SUFFIXES = (".dcm", ".dicom", ".ima")
_NIFTI_SUFFIXES = (".nii", ".nii.gz")
_INDEX = "dicomdir"
_VERSION = re.compile(r";[0-9]+$")  # ISO 9660, 7.5.1: every name on a disc ends in one

_PICTURE_STARTS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# the SOP Class UID (0008,0016), after its VR and length or its length alone (PS3.5, 7.1)
_SOP_CLASS = re.compile(
    rb"(?:\x08\0\x16\0(?:UI..|..\0\0)|\0\x08\0\x16UI..)1\.2\.840\.10008\.[0-9.]+", re.DOTALL
)
_FIRST_GROUPS = (b"\x08\0", b"\x02\0", b"\0\x08", b"\0\x02")

Recognizer = Callable[[bytes, str], bool]


@dataclass(frozen=True, eq=False)
class Format:
    """One line of `FORMATS`.

    titles: as messages list them. suffixes: of files' names, in lower case. recognize: whether a file's
    first `HEAD_LENGTH` bytes and its name are of this format. reader: the module whose
    `read_frames(content, name, limits, window)` decodes it, imported when it is needed. extra: of
    edgect's installation, which brings the packages that the module imports; empty where none does.
    """

    titles: tuple[str, ...]
    suffixes: tuple[str, ...]
    recognize: Recognizer
    reader: str
    extra: str = ""


def starting_with(*signatures: bytes) -> Recognizer:
    """What recognizes files that begin with one of the signatures."""
    return lambda head, name: head.startswith(signatures)


def _is_picture(head: bytes, name: str) -> bool:
    if head[128:132] == b"DICM":  # a DICOM file may begin like a picture (PS3.10, 7.1)
        return False
    if head[:2] == b"BM":  # as many a text begins; then comes the header's length, of four bytes, at most 124
        return head[15:18] == bytes(3)
    return head.startswith(_PICTURE_STARTS) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def _is_dicom(head: bytes, name: str) -> bool:
    """Without a preamble, the SOP Class UID must be among these bytes."""
    if head[128:132] == b"DICM":
        return True
    return head[:2] in _FIRST_GROUPS and _SOP_CLASS.search(head) is not None


def _is_nifti(head: bytes, name: str) -> bool:
    """Compressed NIfTI is told by its name."""
    if head[344:348] == b"n+1\0" or head[4:8] == b"n+2\0":
        return True
    return head[:2] == b"\x1f\x8b" and name.lower().endswith(_NIFTI_SUFFIXES)


DICOM = Format(("DICOM",), _DICOM_SUFFIXES, _is_dicom, "edgect.scans.dicom", "dicom")
ZIP = Format((), (".zip",), starting_with(b"PK\x03\x04", b"PK\x05\x06"), "")  # its members are read
FORMATS: tuple[Format, ...] = (
    Format(
        PICTURES,
        (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp"),
        _is_picture,
        "edgect.scans.pictures.raster",
    ),
    DICOM,
    Format(("NIfTI",), _NIFTI_SUFFIXES, _is_nifti, "edgect.scans.nifti", "nifti"),
)
TITLES = tuple(title for file_format in FORMATS for title in file_format.titles)


def format_of(head: bytes, name: str = "") -> Format | None:
    """The first format that recognizes a file's first `HEAD_LENGTH` bytes, `ZIP` where only that does."""
    for candidate in (*FORMATS, ZIP):
        if candidate.recognize(head, name):
            return candidate
    return None


def format_by_name(name: str) -> Format | None:
    """The format that a file's name promises, by its suffix."""
    if is_index(name):
        return DICOM
    lower = name.lower()
    for candidate in (*FORMATS, ZIP):
        if lower.endswith(candidate.suffixes):
            return candidate
    return None


def is_index(name: str) -> bool:
    """Whether a file is called DICOMDIR, as systems spell it."""
    if _INDEX not in name.lower():
        return False
    last = name.replace("\\", "/").rpartition("/")[2]
    return _INDEX in (name_on_disc(last), last.lower().partition(".")[0])


def name_on_disc(name: str) -> str:
    """A file's name as a DICOMDIR has it, in lower case: without a version, a last dot, or a suffix."""
    lower = _VERSION.sub("", name.lower()).rstrip(".")
    stem, dot, suffix = lower.rpartition(".")
    return stem if dot + suffix in _DICOM_SUFFIXES else lower
