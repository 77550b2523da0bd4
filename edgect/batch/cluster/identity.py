"""All that a result depends on, so that a worker that would give others is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from edgect.pipeline import Pipeline

READERS = ("pydicom", "pylibjpeg", "pylibjpeg-openjpeg", "python-gdcm", "nibabel")
"""Packages that are not needed, but read what else would not be."""
_ROOM = Path(__file__).parents[2]

Identity = Mapping[str, str]


def identity(pipeline: Pipeline) -> dict[str, str]:
    """Versions and hashes of all that a result depends on, by name."""
    import cv2
    import numpy as np
    import PIL

    from edgect.machine.version import __version__

    engine = pipeline.engine
    return {
        "edgect": __version__,
        "edgect's source": _source(),
        "the bundle": f"{pipeline.bundle.name} {pipeline.bundle.digest[:12]}",
        "the engine": f"{engine.backend} {engine.version} {engine.precision}",
        "NumPy": np.__version__,
        "OpenCV": cv2.__version__,
        "Pillow": PIL.__version__,
        "simplejpeg": version("simplejpeg"),
        "deflate": version("deflate"),
    } | {name: _version(name) for name in READERS}


def differences(there: Identity, here: Identity) -> list[str]:
    """What is not there as it is here, a phrase each."""
    return [
        f"{name} is {there.get(name, 'not there')} where here it is {here.get(name, 'not there')}"
        for name in {**here, **there}
        if there.get(name) != here.get(name)
    ]


@cache
def _source() -> str:
    """Of a checkout, whose version says little."""
    digest = hashlib.sha256()
    for file in sorted(_ROOM.rglob("*.py")):
        digest.update(file.relative_to(_ROOM).as_posix().encode() + b"\0")
        digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:12]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
