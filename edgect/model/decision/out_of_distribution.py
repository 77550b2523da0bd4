"""Whether a picture is a slice like those the network learned from; for anything else there is no answer.

Four questions, as cheap as they are early: can the picture be a slice at all, are there lungs in it, does
the network see in it what it saw in training slices, and do the lungs look as they do there. The last two
are Mahalanobis distances (Lee et al. 2018, A simple unified framework for detecting out-of-distribution
samples), which `deploy/reliability` fits to training slices and bounds on validation slices.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgect.errors import ModelError, ScanError
from edgect.model.bundles.bundle import Bundle
from edgect.model.preprocess.steps import Preprocess
from edgect.scans import Frame
from edgect.scans.pictures.raster import MIN_SIDE

FILE = "gate.npz"
COLOURED = 0.2  # of the pixels; figures of publications have arrows and text in colour, up to 0.09
GREYS = 12  # between the darkest and the brightest hundredth, at least
VIEW = (12, 16)  # height and width of the small picture of the lungs, in pixels

Vector = NDArray[np.float32]
View = NDArray[np.uint8]


@dataclass(frozen=True)
class Cloud:
    """Where training slices lie. float32: centre `[d]`, whitening `[d, d]`; limit: of the distance."""

    centre: Vector
    whitening: Vector
    limit: float

    def distance(self, values: NDArray[Any]) -> float:
        """Mahalanobis distance of `[d]`, in float32 the same on every machine to about six digits."""
        return float(np.linalg.norm((values - self.centre) @ self.whitening))


@dataclass(frozen=True)
class Gate:
    """embedding: the cloud of what the network makes of slices, d 128. view: that of lungs, of `VIEW`."""

    embedding: Cloud
    view: Cloud

    @classmethod
    def of(cls, bundle: Bundle) -> Gate:
        """Raises ModelError where the bundle's file is not what it should be."""
        limits = bundle.manifest.gate
        try:
            with np.load(io.BytesIO(bundle.read(FILE)), allow_pickle=False) as kept:
                clouds = [
                    Cloud(kept[f"{name}_centre"], kept[f"{name}_whitening"], float(getattr(limits, name)))
                    for name in ("embedding", "view")
                ]
        except (KeyError, ValueError, OSError) as error:
            raise ModelError(f"{bundle.path / FILE}: cannot be used ({error})") from error
        return cls(*clouds)

    def judge(self, distance: float, view: View) -> ScanError | None:
        """Why there is no answer, or None. distance: of the embedding."""
        if distance > self.embedding.limit:
            return _no(
                "not like the slices the network learned from: distance "
                f"{distance:.1f}, over the limit of {self.embedding.limit:.1f}"
            )
        off = self.view.distance(view.ravel())
        if off > self.view.limit:
            return _no(
                "lungs do not look as on upright axial chest slices: distance "
                f"{off:.1f}, over the limit of {self.view.limit:.1f}"
            )
        return None


def check(frame: Frame, pixels: NDArray[np.uint8]) -> ScanError | None:
    """Why a picture cannot be a CT slice, from its size, colour and grey levels alone, or None."""
    height, width = pixels.shape
    if min(height, width) < MIN_SIDE:
        return _no(f"image of {width}x{height} is too small for a CT slice")
    if frame.coloured > COLOURED:
        return _no(f"a picture in colour ({100 * frame.coloured:.0f} % of its pixels), not a CT slice")
    dark, bright = np.percentile(pixels[:: max(1, height // 128), :: max(1, width // 128)], [1, 99])
    if bright - dark < GREYS:
        return _no(f"almost blank: nearly all pixels lie within {bright - dark:.0f} grey levels")
    return None


def view(pixels: NDArray[np.uint8], prepared: NDArray[np.uint8], region: str, cropped: bool) -> View | None:
    """The lungs of a slice, small and with levels of their own, uint8 `VIEW`; None where there are none.

    prepared: the network's input, `[1, h, w]`; region: what of the slice that is; cropped: whether it
    should be the lungs. Where it is not, they are looked for here.
    """
    if not cropped:
        prepared, placement = _CROP(pixels)
        region = placement.region
    if region != "lungs":
        return None
    return np.asarray(cv2.resize(prepared[0], VIEW[::-1], interpolation=cv2.INTER_AREA), np.uint8)


def no_lungs() -> ScanError:
    return _no("no lungs found: not a slice of the chest, or one on which they cannot be told from the rest")


def _no(reason: str) -> ScanError:
    return ScanError(reason, "rejected")


_CROP = Preprocess([{"step": "lungs", "margin": 0.06, "air": 32, "tissue": 208}])
