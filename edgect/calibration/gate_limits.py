"""Limits of the out-of-distribution detector for a hospital's slices; what it compares with stays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgect.calibration.slice_features import SliceFeatures
from edgect.model.decision.out_of_distribution import Gaussian, OutOfDistributionDetector

MAX_REJECTED = 0.02  # of the slices, at most
SAFETY = 1.05  # from the furthest slice to the limit, where none may lie beyond it


def fit_limits(detector: OutOfDistributionDetector, features: SliceFeatures) -> OutOfDistributionDetector:
    """The detector with limits that reject at most `MAX_REJECTED` of the slices that can be read.

    Limits that keep to it stay, and are never lowered: a few slices of a few patients do not tell how far the
    next may lie. Slices that are rejected whatever the limits, as those without lungs, count. What they
    leave is shared by both limits alike.
    """
    asked = features.readable
    embeddings = distances(detector.embedding, features.embeddings[asked])
    views = distances(detector.view, features.views[asked])
    readable = sum(status != "error" for status in features.statuses)
    allowed = max(int(MAX_REJECTED * readable) - features.statuses.count("rejected"), 0)
    beyond = (embeddings > detector.embedding.limit) | (views > detector.view.limit)
    if beyond.sum() <= allowed:
        return detector
    embedding_limit = max(detector.embedding.limit, limit_beyond(embeddings, allowed // 2))
    within = embeddings <= embedding_limit
    # of those that the first limit leaves, the second takes the rest
    view_limit = max(detector.view.limit, limit_beyond(views[within], allowed - int((~within).sum())))
    return OutOfDistributionDetector(
        replace(detector.embedding, limit=embedding_limit), replace(detector.view, limit=view_limit)
    )


def accepted(detector: OutOfDistributionDetector, features: SliceFeatures) -> NDArray[np.bool_]:
    """Whether a slice gets an answer, bool `[n]`."""
    within = distances(detector.embedding, features.embeddings) <= detector.embedding.limit
    within &= distances(detector.view, features.views) <= detector.view.limit
    return np.asarray(features.readable & within)


def distances(gaussian: Gaussian, values: NDArray[Any]) -> NDArray[np.float64]:
    """Mahalanobis distances of `[n, d]`, float64 `[n]`, each computed as for a slice alone."""
    return np.array([gaussian.distance(value) for value in values], np.float64)


def limit_beyond(values: NDArray[np.float64], beyond: int) -> float:
    """The limit that so many distances exceed: half-way to the next; no slice lies on it."""
    ordered = np.sort(values)[::-1]
    if beyond == 0:
        return round(float(ordered[0] * SAFETY), 3)
    return round(float(ordered[beyond - 1 : beyond + 1].mean()), 3)
