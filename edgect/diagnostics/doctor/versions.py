"""Versions of packages, under whatever names they were installed."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

OPENCV = (
    "opencv-python-headless",
    "opencv-python",
    "opencv-contrib-python-headless",
    "opencv-contrib-python",
)  # each of which is the module cv2


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Of those that are installed."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def installed(*packages: str, module: str) -> str:
    """Packages that are installed with their versions, or what the imported module tells of itself."""
    found = [f"{package} {number}" for package, number in versions(packages).items()]
    return " and ".join(found) or f"{module} {getattr(sys.modules.get(module), '__version__', '')}".rstrip()
