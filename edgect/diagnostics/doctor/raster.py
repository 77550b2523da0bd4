"""Whether pictures of every format are read, bit for bit where the format keeps them so."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import PIL
from PIL import Image

from edgect.diagnostics.doctor.report import Finding
from edgect.scans import read_frames
from edgect.scans.formats import PICTURES

SIDE = 48
OPTIONS: dict[str, dict[str, Any]] = {
    "WEBP": {"lossless": True},
    "TIFF": {"compression": "tiff_lzw"},
    "JPEG": {"quality": 95},
}
LOSS = 8  # grey levels that JPEG may be off


def check_raster_formats() -> Iterator[Finding]:
    """Write a small picture in every format, and read it as a scan is read."""
    levels = np.add.outer(np.arange(SIDE) * 3, np.arange(SIDE) * 2).astype(np.uint8)
    advice = "install Pillow again: pip install --force-reinstall pillow"
    for form in PICTURES:
        name, error_message = form.replace("WEBP", "WebP"), ""
        try:
            file = io.BytesIO()
            Image.fromarray(levels).save(file, form, **OPTIONS.get(form, {}))
            (frame,) = read_frames(file.getvalue(), f"sample.{form.lower()}")
            if frame.pixels is None:
                error_message = str(frame.error)
            elif np.abs(frame.pixels.astype(int) - levels).max() > (LOSS if form == "JPEG" else 0):
                error_message = "is read as another picture"
        except Exception as error:  # of a codec that Pillow was built without, or a broken one
            error_message = f"{type(error).__name__}: {error}"
        if error_message:
            yield Finding("raster", name, "fault", error_message, advice)
        else:
            yield Finding("raster", name, "ok", f"read by Pillow {PIL.__version__}")
