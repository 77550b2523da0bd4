"""Which decoder reads which transfer syntax, and the package that it comes in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydicom import uid
from pydicom.pixels.decoders.base import Decoder, get_decoder
from pydicom.uid import UID

from edgect.errors import ScanError

PYDICOM = "pydicom"
GDCM = "python-gdcm"
OPENJPEG = "pylibjpeg-openjpeg"
PLUGINS = {PYDICOM: "pydicom", GDCM: "gdcm", OPENJPEG: "pylibjpeg"}  # package: pydicom's name for it

NATIVE = (
    uid.ImplicitVRLittleEndian,
    uid.ExplicitVRLittleEndian,
    uid.ExplicitVRBigEndian,
    uid.DeflatedExplicitVRLittleEndian,
)
JPEG = (uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit, uid.JPEGLossless, uid.JPEGLosslessSV1)
JPEG_LS = (uid.JPEGLSLossless, uid.JPEGLSNearLossless)
JPEG_2000 = (uid.JPEG2000Lossless, uid.JPEG2000)
HTJ2K = (uid.HTJ2KLossless, uid.HTJ2KLosslessRPCL, uid.HTJ2K)

# packages that decode it, the first that is there is used; pylibjpeg-libjpeg is GPL and never is
PACKAGES: dict[UID, tuple[str, ...]] = {
    **dict.fromkeys(NATIVE, (PYDICOM,)),
    uid.RLELossless: (PYDICOM,),
    **dict.fromkeys((*JPEG, *JPEG_LS), (GDCM,)),
    **dict.fromkeys(JPEG_2000, (OPENJPEG, GDCM)),
    **dict.fromkeys(HTJ2K, (OPENJPEG,)),
}
UNKNOWN_TO_PYDICOM = {  # newer than it
    "1.2.840.10008.1.2.4.110": "JPEG XL Lossless",
    "1.2.840.10008.1.2.4.111": "JPEG XL JPEG Recompression",
    "1.2.840.10008.1.2.4.112": "JPEG XL",
    "1.2.840.10008.1.2.8.1": "Deflated Image Frame Compression",
}


@dataclass(frozen=True)
class Codec:
    """plugin: pydicom's name of what decodes, empty for what is not encoded."""

    decoder: Decoder
    plugin: str


def codec(syntax: UID) -> Codec:
    """What decodes a transfer syntax here. Raises ScanError that names it, and the package it wants."""
    name = UNKNOWN_TO_PYDICOM.get(syntax, syntax.name)
    description = (
        f"transfer syntax {syntax} ({name})" if name != syntax else f"transfer syntax {_uid(syntax)}"
    )
    if syntax not in PACKAGES:
        raise ScanError(f"{description} is none that edgect has a decoder for")
    package = package_for(syntax)
    if package is None:
        raise ScanError(
            f"{description} needs a decoder that is not installed: pip install {PACKAGES[syntax][0]}"
        )
    if package == GDCM:
        _silence_gdcm()
    return Codec(get_decoder(syntax), "" if syntax in NATIVE else PLUGINS[package])


def package_for(syntax: UID) -> str | None:
    """The installed package that decodes it, None where none is."""
    plugins = get_decoder(syntax).available_plugins
    for package in PACKAGES[syntax]:
        if syntax in NATIVE or PLUGINS[package] in plugins:
            return package
    return None


def _uid(syntax: UID) -> str:
    return syntax if re.fullmatch(r"[0-9.]{1,64}", syntax) else "(not a UID)"


def _silence_gdcm() -> None:
    """It writes on stderr what the row says already."""
    import gdcm

    gdcm.Trace.WarningOff()
    gdcm.Trace.ErrorOff()
    gdcm.Trace.DebugOff()
