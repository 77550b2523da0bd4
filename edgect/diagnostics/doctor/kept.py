"""Whether compiled models can be kept between runs."""

from __future__ import annotations

import tempfile

from edgect.diagnostics.doctor.report import Finding
from edgect.machine import compiled_models as cache


def examine() -> Finding:
    """Write to the cache folder, as engines do; where it cannot be, edgect does without."""
    folder = cache.folder()
    if folder is None:
        said = "there is none: models are compiled at every start"
        return Finding("cache", "folder", "note", said, "set EDGECT_CACHE_DIR to a folder to keep them in")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        said = f"{folder} cannot be written ({error.strerror}): models are compiled at every start"
        return Finding(
            "cache", "folder", "note", said, "set EDGECT_CACHE_DIR to a folder that can be written"
        )
    return Finding("cache", "folder", "ok", f"{folder} can be written")
