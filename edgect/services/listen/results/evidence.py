"""Where on the highest slices the evidence for COVID-19 lies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgect.pipeline import Pipeline
from edgect.rows.prediction import Prediction
from edgect.services.listen.results.series_result import HighSlice, SeriesResult
from edgect.services.listen.results.slice_geometry import Points, SliceGeometry

CLEAR = 0.5  # of the log-odds drawn in the strongest red, from which on the colour is laid on in full
MIN_AREA = 0.001  # of the slice: smaller spots are left out
MAX_REGIONS = 3  # of one slice, the largest first


@dataclass(frozen=True)
class Region:
    """Places next to each other whose evidence is clear, in pixels of the slice as it is looked at.

    outline: `[n, 2]` of x and y, the last point the first again. strongest: `[1, 2]`. evidence: log-odds
    there.
    """

    outline: Points
    strongest: Points
    evidence: float


@dataclass(frozen=True)
class ShownSlice:
    """prediction: with pixels and evidence. rank: from 1 for the highest."""

    high: HighSlice
    rank: int
    prediction: Prediction
    geometry: SliceGeometry
    regions: Sequence[Region]


def shown_slices(result: SeriesResult) -> list[ShownSlice]:
    """The highest slices whose files are still there; earlier results have shown the others."""
    wanted = {
        high.slice.key: (rank, high) for rank, high in enumerate(result.highest, 1) if not high.slice.deleted
    }
    scale = result.classifier.bundle.manifest.heat_map_scale
    shown = []
    for path in {high.slice.path for _, high in wanted.values()}:
        frames = {frame for name, frame in wanted if name == str(path)}
        for prediction in _with_evidence(result.classifier, path, frames):
            assert prediction.pixels is not None
            assert prediction.evidence is not None
            rank, high = wanted[str(path), prediction.frame]
            height, width = prediction.pixels.shape
            geometry = SliceGeometry.read(path, prediction.frame, (height, width), result.classifier.limits)
            shown.append(
                ShownSlice(high, rank, prediction, geometry, regions(prediction.evidence, CLEAR * scale))
            )
    return sorted(shown, key=lambda each: each.rank)


def regions(evidence: NDArray[np.float32], least: float) -> list[Region]:
    """Of places with this evidence or more: log-odds `[height, width]`."""
    mask = (evidence >= least).astype(np.uint8)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    by_area = sorted(
        ((cv2.contourArea(outline), index) for index, outline in enumerate(outlines)), reverse=True
    )
    large = [outlines[index] for area, index in by_area if area >= MIN_AREA * evidence.size]
    return [_region(evidence, outline) for outline in large[:MAX_REGIONS]]


def _region(evidence: NDArray[np.float32], outline: NDArray[Any]) -> Region:
    inside = np.zeros(evidence.shape, np.uint8)
    cv2.drawContours(inside, [outline], -1, 1, cv2.FILLED)
    _, highest, _, place = cv2.minMaxLoc(evidence, inside)
    simple = cv2.approxPolyDP(outline, 1.0, closed=True)[:, 0, :]
    closed = np.concatenate([simple, simple[:1]]).astype(np.float64) + 0.5  # centres of pixels
    return Region(closed, np.asarray([place], np.float64) + 0.5, float(highest))


def _with_evidence(classifier: Pipeline, path: Path, frames: set[int | None]) -> Iterator[Prediction]:
    """Of these frames of a file; the rest of it is not classified again once they are there."""
    left = set(frames)
    for prediction in classifier.classify_file(str(path), evidence=True):
        if prediction.frame in left and prediction.evidence is not None:
            left.remove(prediction.frame)
            yield prediction
        if not left:
            return
