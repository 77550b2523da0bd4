"""Which files claim to be scans, by suffix or by their first bytes."""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal["picture", "dicom", "nifti", "zip"]

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP")  # as Pillow names them
READ = (*FORMATS, "DICOM", "NIfTI")
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp"})
DICOM_SUFFIXES = frozenset({".dcm", ".dicom", ".ima"})
NIFTI_SUFFIXES = (".nii", ".nii.gz")
_INDEX = "dicomdir"
_VERSION = re.compile(r";[0-9]+$")  # ISO 9660, 7.5.1: every name on a disc ends in one
LENGTH = 1024  # bytes that are enough to tell

_STARTS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
# the SOP Class UID (0008,0016), after its VR and length or its length alone (PS3.5, 7.1)
_SOP_CLASS = re.compile(
    rb"(?:\x08\0\x16\0(?:UI..|..\0\0)|\0\x08\0\x16UI..)1\.2\.840\.10008\.[0-9.]+", re.DOTALL
)
_FIRST_GROUPS = (b"\x08\0", b"\x02\0", b"\0\x08", b"\0\x02")


def kind_of(head: bytes, name: str = "") -> Kind | None:
    """What a file's first `LENGTH` bytes say it is.

    A DICOM file may begin like a picture (PS3.10, 7.1), and needs no preamble to be one: then its SOP
    Class UID must be among these bytes. Compressed NIfTI is told by its name.
    """
    if head[128:132] == b"DICM":
        return "dicom"
    if has_signature(head):
        return "picture"
    if head[:2] in _FIRST_GROUPS and _SOP_CLASS.search(head):
        return "dicom"
    if head[344:348] == b"n+1\0" or head[4:8] == b"n+2\0":
        return "nifti"
    if head[:2] == b"\x1f\x8b" and name.lower().endswith(NIFTI_SUFFIXES):
        return "nifti"
    return "zip" if head.startswith(_ZIP) else None


def kind_by_name(name: str) -> Kind | None:
    """What a file's suffix promises."""
    if is_index(name):
        return "dicom"
    lower = name.lower()
    suffix = lower[lower.rfind(".") :] if "." in lower else ""
    if suffix in SUFFIXES:
        return "picture"
    if suffix in DICOM_SUFFIXES:
        return "dicom"
    if lower.endswith(NIFTI_SUFFIXES):
        return "nifti"
    return "zip" if suffix == ".zip" else None


def is_index(name: str) -> bool:
    """Whether a file is called DICOMDIR, as systems spell it."""
    if _INDEX not in name.lower():
        return False
    last = name.replace("\\", "/").rpartition("/")[2]
    return _INDEX in (plain(last), last.lower().partition(".")[0])


def plain(name: str) -> str:
    """A file's name as a DICOMDIR has it, in lower case: without a version, a last dot, or a suffix."""
    lower = _VERSION.sub("", name.lower()).rstrip(".")
    stem, dot, suffix = lower.rpartition(".")
    return stem if dot + suffix in DICOM_SUFFIXES else lower


def has_signature(head: bytes) -> bool:
    """Whether a file's first `LENGTH` bytes are those of one of `FORMATS`."""
    if head[:2] == b"BM":  # as many a text begins; then comes the header's length, of four bytes, at most 124
        return head[15:18] == bytes(3)
    return head.startswith(_STARTS) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
