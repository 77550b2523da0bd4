"""From a slice to the network's input by the steps that a bundle names, and the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edgect.errors import ModelError


@dataclass(frozen=True)
class Placement:
    """Where the network's input lies on the slice that it was made from, in pixels.

    shape: (height, width) of the slice. box: (top, left, height, width) of the covered part.
    """

    shape: tuple[int, int]
    box: tuple[int, int, int, int]

    def to_slice(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Lay a map over the input, float32 `[h, w]`, back on the slice; 0 outside the box."""
        top, left, height, width = self.box
        placed = np.zeros(self.shape, np.float32)
        placed[top : top + height, left : left + width] = cv2.resize(
            values, (width, height), interpolation=cv2.INTER_LINEAR
        )
        return placed


class Step(Protocol):
    """One step of pre-processing; `box` is what of the slice the image covers so far."""

    def __call__(
        self, image: NDArray[np.uint8], placement: Placement
    ) -> tuple[NDArray[np.uint8], Placement]: ...


@dataclass(frozen=True)
class Resize:
    """Bring an image to height x width pixels, the aspect ratio given up as in the paper.

    Along a side that shrinks pixels are averaged, along one that grows they are interpolated.
    Raises ModelError unless both are positive whole numbers.
    """

    height: int
    width: int

    def __post_init__(self) -> None:
        for side in (self.height, self.width):
            if not isinstance(side, int) or side < 1:
                raise ModelError(
                    f"pre-processing step resize: height and width must be positive, not {side!r}"
                )

    def __call__(self, image: NDArray[np.uint8], placement: Placement) -> tuple[NDArray[np.uint8], Placement]:
        height, width = image.shape
        small = (min(width, self.width), min(height, self.height))
        shrunk = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
        resized = cv2.resize(shrunk, (self.width, self.height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(resized, np.uint8), placement


STEPS = {"resize": Resize}


class Preprocess:
    """The steps that a manifest names, in order.

    steps: mappings such as `{"step": "resize", "height": 227, "width": 227}`.
    Raises ModelError for a step that this version of edgect does not know.
    """

    def __init__(self, steps: Sequence[Mapping[str, Any]]) -> None:
        self.steps: list[Step] = [_build(step) for step in steps]

    def __call__(self, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], Placement]:
        """Slice, uint8 `[height, width]`, to the network's input, uint8 `[1, h, w]`."""
        height, width = pixels.shape
        image, placement = pixels, Placement((height, width), (0, 0, height, width))
        for step in self.steps:
            image, placement = step(image, placement)
        return image[np.newaxis], placement


def _build(step: Mapping[str, Any]) -> Step:
    options = dict(step)
    name = options.pop("step", None)
    if not isinstance(name, str) or name not in STEPS:
        raise ModelError(f"unknown pre-processing step {name!r}; this edgect knows {', '.join(STEPS)}")
    try:
        return STEPS[name](**options)
    except TypeError as error:
        raise ModelError(f"pre-processing step {name!r}: {error}") from error
