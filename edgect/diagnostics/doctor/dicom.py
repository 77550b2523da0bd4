"""Which transfer syntaxes of DICOM can be read here, and by what."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from edgect.diagnostics.doctor.report import Finding
from edgect.machine.installation import install_command


def check_dicom() -> Iterator[Finding]:
    """A finding for every transfer syntax that edgect may decode; one alone where there is no pydicom."""
    try:
        from edgect.scans.dicom.codecs import PACKAGES, package_for
    except ImportError as error:
        yield Finding("dicom", "pydicom", "note", f"DICOM cannot be read ({error})", install_command("dicom"))
        return
    yield Finding("dicom", "pydicom", "ok", version("pydicom"))
    for uid in PACKAGES:
        name, package = _short(uid.name), package_for(uid)
        if package:
            yield Finding("dicom", str(uid), "ok", f"{name}: {_versioned(package)}")
        else:
            reason = f"{name}: cannot be read, its decoder is missing"
            yield Finding("dicom", str(uid), "note", reason, install_command("dicom"))


def _short(name: str) -> str:
    """A transfer syntax's name without the number of its process and what is the same of all."""
    return name.partition(" (Process")[0].replace(" Image Compression", "").replace(", Non-Hierarchical", "")


def _versioned(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:  # installed in another way
        return package
