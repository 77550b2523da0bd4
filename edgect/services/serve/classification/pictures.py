"""A slice through two windows, and the evidence to lay over it, as PNG."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgect.report.heat_map import coloured, overlay
from edgect.rows.prediction import Prediction
from edgect.scans import Window

MAX_SIDE = 1024  # pixels of the longer side
SOFT_TISSUE = Window(level=40, width=400)  # Hounsfield units: as scanners preset it for the mediastinum
_FAST = [cv2.IMWRITE_PNG_COMPRESSION, 1]


def pictures(prediction: Prediction, scale: float) -> dict[str, str | None]:
    """`slice` (grey, as the network saw it), `soft_tissue` (grey) and `activation` (with an alpha channel).

    In base64, None where there is none: a rejected slice has no activation, a picture no other window.
    scale: log-odds drawn in the strongest red.
    """
    pixels, hounsfield, evidence = prediction.pixels, prediction.hounsfield, prediction.evidence
    return {
        "slice": None if pixels is None else _png(_shrunk(pixels)),
        "soft_tissue": None if hounsfield is None else _png(SOFT_TISSUE.grey(_shrunk(hounsfield))),
        "activation": None if evidence is None else _png(activation(_shrunk(evidence), scale)),
    }


def heat_map(prediction: Prediction, scale: float) -> bytes:
    """The overlay as a PNG file. Shrunk before it is drawn, which takes 50 bytes a pixel."""
    assert prediction.pixels is not None
    assert prediction.evidence is not None
    blended = overlay(_shrunk(prediction.pixels), _shrunk(prediction.evidence), scale)
    return cv2.imencode(".png", blended, _FAST)[1].tobytes()


def activation(evidence: NDArray[np.float32], scale: float) -> NDArray[np.uint8]:
    """The colours of `heat_map.overlay`, BGRA uint8 `[height, width, 4]`, clear without evidence."""
    colour, strength = coloured(evidence, scale)
    alpha = np.rint(strength * 255).astype(np.uint8)
    return np.dstack([colour, alpha])


def _shrunk(values: NDArray[Any]) -> NDArray[Any]:
    height, width = values.shape
    if (factor := MAX_SIDE / max(height, width)) >= 1:
        return values
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA))


def _png(picture: NDArray[Any]) -> str:
    return b64encode(cv2.imencode(".png", picture, _FAST)[1].tobytes()).decode()
