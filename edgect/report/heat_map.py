"""The picture of where the network looked: evidence for COVID-19 in colour over the slice."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edgect.errors import UsageError
from edgect.machine import atomic
from edgect.rows.prediction import Prediction

STRONGEST = 0.6  # how much of the slice the strongest colour hides


def overlay(pixels: NDArray[np.uint8], evidence: NDArray[np.float32], scale: float) -> NDArray[np.uint8]:
    """Colour the places that speak for COVID-19; what speaks against it stays grey.

    pixels: uint8 `[height, width]`. evidence: log-odds by place, same shape. scale: the log-odds
    drawn in the strongest red, from the bundle, so that colours mean the same in every picture
    (the paper's Figures 4 and 5 normalise each picture by itself, which paints the strongest
    red into slices without any evidence too).

    Returns BGR uint8 `[height, width, 3]`. Raises ValueError when the shapes differ.
    """
    if pixels.shape != evidence.shape:
        raise ValueError(f"slice {pixels.shape} and evidence {evidence.shape} differ in shape")
    colour, strength = coloured(evidence, scale)
    alpha = (strength * STRONGEST)[..., np.newaxis]
    grey = cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR)
    return np.asarray(np.rint(grey * (1 - alpha) + colour * alpha), np.uint8)


def coloured(evidence: NDArray[np.float32], scale: float) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The places' colours, BGR uint8 `[height, width, 3]`, and how strongly they are laid on, 0 to 1."""
    strength = np.clip(evidence / scale, 0, 1)
    colour = cv2.applyColorMap((strength * 255).astype(np.uint8), cv2.COLORMAP_JET)
    return np.asarray(colour, np.uint8), np.minimum(strength * 2, 1)


def file_name(prediction: Prediction) -> str:
    """The scan's own and the first digits of its SHA-256, so that scans of one name do not collide."""
    frame = "" if prediction.frame is None else f"-{prediction.frame:04d}"
    stem = re.sub(r"[^\w.-]+", "_", Path(prediction.path).stem, flags=re.ASCII)[:80]
    return f"{stem}-{prediction.sha256[:12]}{frame}.png"


def png(prediction: Prediction, scale: float) -> bytes:
    """The overlay of a prediction made with evidence, as a PNG file."""
    assert prediction.pixels is not None
    assert prediction.evidence is not None
    _, content = cv2.imencode(".png", overlay(prediction.pixels, prediction.evidence, scale))
    return content.tobytes()


def write(content: bytes, file: Path) -> None:
    """Raises UsageError when the file cannot be written."""
    try:
        atomic.write(file, content, durable=False)
    except OSError as error:
        raise UsageError(f"{file}: cannot be written ({error.strerror})") from error
