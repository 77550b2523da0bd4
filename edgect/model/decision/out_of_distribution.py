"""The out-of-distribution detector: a picture unlike the slices of training gets no answer.

Four questions, as cheap as they are early: can the picture be a slice at all, are there lungs in it, does
the network see in it what it saw in training slices, and do the lungs look as they do there. The last two
are Mahalanobis distances (Lee et al. 2018, A simple unified framework for detecting out-of-distribution
samples), which `deploy/reliability` fits to training slices and bounds on validation slices.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any
from zipfile import BadZipFile

import cv2
import numpy as np
from numpy.typing import NDArray

from edgect.errors import ModelError, ScanError
from edgect.model.bundles.bundle import Bundle
from edgect.model.preprocess.grey_levels import quantiles
from edgect.model.preprocess.steps import Preprocess
from edgect.scans import Frame
from edgect.scans.pictures import MIN_SIDE

FILE = "gate.npz"
MAX_COLOURED = 0.2  # of the pixels; figures of publications have arrows and text in colour, up to 0.09
MIN_GREY_RANGE = 12  # between the darkest and the brightest hundredth, at least
VIEW = (12, 16)  # height and width of the small picture of the lungs, in pixels
# For networks of whole slices, whose manifests name no crop. The views that `gate.npz` of such a bundle was
# fitted to were cut so: another crop asks for another fit. Networks of lungs use their manifest's crop.
WHOLE_SLICE_CROP = Preprocess([{"step": "lungs", "margin": 0.06, "air": 32, "tissue": 208}])

Floats = NDArray[np.float32]
View = NDArray[np.uint8]


@dataclass(frozen=True)
class Gaussian:
    """Normal distribution of training slices. float32: mean `[d]`, whitening `[d, d]`.

    whitening: the Cholesky factor of the inverse covariance. limit: distance beyond which there is no answer.
    """

    mean: Floats
    whitening: Floats
    limit: float

    def distance(self, values: NDArray[Any]) -> float:
        """Mahalanobis distance of `[d]`, in float32 the same on every machine to about six digits."""
        return float(np.linalg.norm((values - self.mean) @ self.whitening))


@dataclass(frozen=True)
class OutOfDistributionDetector:
    """embedding: of the network's embeddings of slices, d 128. view: of pictures of lungs, of `VIEW`."""

    embedding: Gaussian
    view: Gaussian

    @classmethod
    def load(cls, bundle: Bundle) -> OutOfDistributionDetector:
        """Raises ModelError where the bundle's file is not what it should be."""
        limits = bundle.manifest.gate
        try:
            with np.load(io.BytesIO(bundle.read(FILE)), allow_pickle=False) as arrays:
                gaussians = [
                    Gaussian(
                        arrays[f"{name}_centre"], arrays[f"{name}_whitening"], float(getattr(limits, name))
                    )
                    for name in ("embedding", "view")
                ]
        except (KeyError, ValueError, OSError, BadZipFile) as error:
            raise ModelError(f"{bundle.path / FILE}: cannot be used ({error})") from error
        return cls(*gaussians)

    def rejection(self, distance: float, view: View) -> ScanError | None:
        """Why there is no answer, or None. distance: of the embedding."""
        if distance > self.embedding.limit:
            return _rejected(
                "not like the slices the network learned from: distance "
                f"{distance:.1f}, over the limit of {self.embedding.limit:.1f}"
            )
        view_distance = self.view.distance(view.ravel())
        if view_distance > self.view.limit:
            return _rejected(
                "lungs do not look as on upright axial chest slices: distance "
                f"{view_distance:.1f}, over the limit of {self.view.limit:.1f}"
            )
        return None


def picture_rejection(frame: Frame, pixels: NDArray[np.uint8]) -> ScanError | None:
    """Why a picture cannot be a CT slice, from its size, colour and grey levels alone, or None."""
    height, width = pixels.shape
    if min(height, width) < MIN_SIDE:
        return _rejected(f"image of {width}x{height} is too small for a CT slice")
    if frame.coloured > MAX_COLOURED:
        return _rejected(f"a picture in colour ({100 * frame.coloured:.0f} % of its pixels), not a CT slice")
    sample = np.ascontiguousarray(pixels[:: max(1, height // 128), :: max(1, width // 128)])
    dark, bright = quantiles(sample, 0.01, 0.99)
    if bright - dark < MIN_GREY_RANGE:
        return _rejected(f"almost blank: nearly all pixels lie within {bright - dark:.0f} grey levels")
    return None


def lung_view(
    pixels: NDArray[np.uint8], prepared: NDArray[np.uint8], region: str, cropped: bool
) -> View | None:
    """The lungs of a slice, small and with levels of their own, uint8 `VIEW`; None where there are none.

    prepared: the network's input, `[1, h, w]`; region: what of the slice that is; cropped: whether it
    should be the lungs. Where it is not, they are looked for here.
    """
    if not cropped:
        prepared, placement = WHOLE_SLICE_CROP(pixels)
        region = placement.region
    if region != "lungs":
        return None
    return np.asarray(cv2.resize(prepared[0], VIEW[::-1], interpolation=cv2.INTER_AREA), np.uint8)


def no_lungs_rejection() -> ScanError:
    return _rejected(
        "no lungs found: not a slice of the chest, or one on which they cannot be told from the rest"
    )


def _rejected(reason: str) -> ScanError:
    return ScanError(reason, "rejected")
