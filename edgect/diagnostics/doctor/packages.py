"""Versions of installed packages, under whatever names, and packages without which edgect does less."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from edgect.diagnostics.doctor.report import Finding
from edgect.machine.installation import install_command

OPENCV = (
    "opencv-python-headless",
    "opencv-python",
    "opencv-contrib-python-headless",
    "opencv-contrib-python",
)  # each of which is the module cv2
OPTIONAL = {
    "nibabel": ("nifti", "NIfTI volumes"),
    "matplotlib": ("plots", "plots of an evaluation"),
    "starlette": ("serve", "the kiosk page and HTTP"),
    "pynetdicom": ("dicom", "a DICOM node"),
    "highdicom": ("dicom", "Structured Reports"),
    "distributed": ("dask", "work on many machines"),
    "minisign": ("sign", "signatures of bundles"),
}  # by package, the extra that brings it, and what it is for


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Of those that are installed."""
    numbers = {}
    for package in packages:
        try:
            numbers[package] = version(package)
        except PackageNotFoundError:
            continue
    return numbers


def installed(*packages: str, module: str) -> str:
    """Packages that are installed with their versions, or what the imported module tells of itself."""
    named = [f"{package} {number}" for package, number in versions(packages).items()]
    return " and ".join(named) or f"{module} {getattr(sys.modules.get(module), '__version__', '')}".rstrip()


def check_optional_packages() -> Iterator[Finding]:
    """Import each of them."""
    for package, (extra, purpose) in OPTIONAL.items():
        try:
            import_module(package)
        except Exception as error:  # not there, or broken in whatever way
            message = f"no {purpose} ({type(error).__name__}: {error})"
            yield Finding("extras", package, "note", message, install_command(extra))
        else:
            yield Finding(
                "extras", package, "ok", f"{versions([package]).get(package, package)}, for {purpose}"
            )
