"""Which transfer syntaxes of DICOM can be read here, and by what."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from edgect.doctor.report import Finding

EXTRA = "pip install 'edgect[dicom]'"
# by the name of pydicom's plug-in
PACKAGES = {
    "gdcm": "python-gdcm",
    "pylibjpeg": "pylibjpeg-openjpeg",
    "pyjpegls": "pyjpegls",
    "pillow": "pillow",
}


def examine() -> Iterator[Finding]:
    """A finding for every transfer syntax of pictures that pydicom knows; one alone where it is not there."""
    try:
        from pydicom.pixels.decoders.base import get_decoder
        from pydicom.uid import AllTransferSyntaxes
    except ImportError as error:
        yield Finding("dicom", "pydicom", "note", f"DICOM cannot be read ({error})", EXTRA)
        return
    yield Finding("dicom", "pydicom", "ok", version("pydicom"))
    for uid in AllTransferSyntaxes:
        try:
            decoder = get_decoder(uid)
        except NotImplementedError:  # video
            continue
        name = _short(uid.name)
        if decoder.is_available:
            by = ", ".join(_package(plugin) for plugin in decoder.available_plugins) or "pydicom alone"
            yield Finding("dicom", str(uid), "ok", f"{name}: {by}")
        else:
            yield Finding("dicom", str(uid), "note", f"{name}: cannot be read, its decoder is missing", EXTRA)


def _short(name: str) -> str:
    """A transfer syntax's name without the number of its process and what is the same of all."""
    return name.partition(" (Process")[0].replace(" Image Compression", "").replace(", Non-Hierarchical", "")


def _package(plugin: str) -> str:
    name = PACKAGES.get(plugin, plugin)
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:  # installed in another way
        return name
