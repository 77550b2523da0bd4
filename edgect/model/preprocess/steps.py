"""From a slice to the network's input by the steps that a bundle names, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edgect.errors import ModelError
from edgect.model.preprocess.lung_box import find_lung_box

Region = Literal["slice", "lungs"]


@dataclass(frozen=True)
class Placement:
    """Where the network's input lies on the slice that it was made from, in pixels.

    shape: (height, width) of the slice. box: (top, left, height, width) of the covered part.
    region: what that part is: `slice`, the whole of it, or `lungs`.
    """

    shape: tuple[int, int]
    box: tuple[int, int, int, int]
    region: Region = "slice"

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


@dataclass(frozen=True)
class CropToLungs:
    """Cut out the box round the lungs, and bring its grey levels to one scale.

    margin: on each side, as a share of the box's side. air, tissue: the grey levels, 0 to 255, that
    aerated lung and the soft tissue round it are brought to; what lies between keeps its place,
    as Hounsfield units do within a window. Crop and scale take away what differs between scanners
    and publishers and has nothing to do with lungs: borders, table, window, most burned-in text.

    Where no lungs are found the slice stays as it is, and the placement's region says so. Must be
    the first step. Raises ModelError for values outside their ranges.
    """

    margin: float
    air: int
    tissue: int

    def __post_init__(self) -> None:
        if not (0 <= self.margin < 1 and 0 <= self.air < self.tissue <= 255):
            raise ModelError(f"pre-processing step lungs: {self} is out of range")

    def __call__(self, image: NDArray[np.uint8], placement: Placement) -> tuple[NDArray[np.uint8], Placement]:
        lung_box = find_lung_box(image)
        if lung_box is None:
            return image, placement
        top, left, height, width = self._with_margin(lung_box.box, image.shape)
        levels = (np.arange(256) - lung_box.air) / (lung_box.tissue - lung_box.air)
        scale = np.clip(np.rint(self.air + levels * (self.tissue - self.air)), 0, 255).astype(np.uint8)
        crop = cv2.LUT(image[top : top + height, left : left + width], scale)
        return np.asarray(crop, np.uint8), replace(placement, box=(top, left, height, width), region="lungs")

    def _with_margin(
        self, box: tuple[int, int, int, int], shape: tuple[int, ...]
    ) -> tuple[int, int, int, int]:
        top, left, height, width = box
        down, across = round(self.margin * height), round(self.margin * width)
        first, start = max(top - down, 0), max(left - across, 0)
        end, stop = min(top + height + down, shape[0]), min(left + width + across, shape[1])
        return first, start, end - first, stop - start


STEPS: dict[str, Callable[..., Step]] = {"resize": Resize, "lungs": CropToLungs}


class Preprocess:
    """The steps that a manifest names, in order.

    steps: mappings such as `{"step": "resize", "height": 227, "width": 227}`.
    crops_to_lungs: whether one of them does. Raises ModelError for a step that this version of
    edgect does not know, and for a crop to the lungs that is not the first.
    """

    def __init__(self, steps: Sequence[Mapping[str, Any]]) -> None:
        self.steps: list[Step] = [_build(step) for step in steps]
        crops = [isinstance(step, CropToLungs) for step in self.steps]
        self.crops_to_lungs = any(crops)
        if any(crops[1:]):  # its box would be in pixels of another image than the slice
            raise ModelError("pre-processing step lungs must be the first")

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
