"""Packages without which edgect does less."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from edgect.diagnostics.doctor.report import Finding
from edgect.diagnostics.doctor.versions import versions
from edgect.machine.installation import install_command

PACKAGES = {
    "nibabel": ("nifti", "NIfTI volumes"),
    "matplotlib": ("plots", "plots of an evaluation"),
    "starlette": ("serve", "the kiosk page and HTTP"),
    "pynetdicom": ("dicom", "a DICOM node"),
    "highdicom": ("dicom", "Structured Reports"),
    "distributed": ("dask", "work on many machines"),
}


def examine() -> Iterator[Finding]:
    """Import each of them."""
    for package, (extra, purpose) in PACKAGES.items():
        try:
            import_module(package)
        except Exception as error:  # not there, or broken in whatever way
            said = f"no {purpose} ({type(error).__name__}: {error})"
            yield Finding("extras", package, "note", said, install_command(extra))
        else:
            yield Finding(
                "extras", package, "ok", f"{versions([package]).get(package, package)}, for {purpose}"
            )
