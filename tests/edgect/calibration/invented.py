"""Slices as a bundle sees them, drawn at random, so that it is known what they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgect.calibration.slice_features import SliceFeatures
from edgect.sources.labels import Case

WIDTH = 6  # of embeddings


def features(
    embeddings: NDArray[np.floating],
    labels: NDArray[np.bool_],
    units: NDArray[np.str_],
    log_odds: NDArray[np.floating],
) -> SliceFeatures:
    """All readable, with lungs that look like nothing."""
    half = np.asarray(log_odds, np.float64) / 2
    return SliceFeatures(
        [Case(f"{number}.png", int(label)) for number, label in enumerate(labels)],
        units,
        ["ok"] * len(labels),
        [""] * len(labels),
        np.zeros((len(labels), 192), np.uint8),
        embeddings.astype(np.float32),
        np.column_stack([-half, half]).astype(np.float32),
    )


def draw(
    rng: np.random.Generator, patients: int, slices: int = 1, apart: float = 1.5
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.str_]]:
    """Embeddings, labels and units of so many patients of each class.

    apart: how far the classes lie from one another, along the second feature; the first is noise.
    """
    labels = np.repeat([False, True], patients * slices)
    numbers = np.repeat(np.arange(2 * patients), slices)
    own = rng.normal(0, 0.5, (2 * patients, WIDTH))[numbers]
    embeddings = own + rng.normal(0, 1, (len(labels), WIDTH))
    embeddings[:, 1] += apart * labels
    return embeddings, labels, np.array([f"p{number}" for number in numbers])
