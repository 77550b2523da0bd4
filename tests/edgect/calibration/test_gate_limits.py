"""Limits of the out-of-distribution detector for slices of a hospital."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgect.calibration.gate_limits import MAX_REJECTED, accepted, fit_limits
from edgect.calibration.slice_features import SliceFeatures
from edgect.model.decision.out_of_distribution import Gaussian, OutOfDistributionDetector
from tests.edgect.calibration import invented


def gaussian(width: int, limit: float) -> Gaussian:
    return Gaussian(np.zeros(width, np.float32), np.eye(width, dtype=np.float32), limit)


DETECTOR = OutOfDistributionDetector(gaussian(1, 10.0), gaussian(192, 10.0))


def slices(embeddings: list[float], views: list[int], refused: int = 0, unreadable: int = 0) -> SliceFeatures:
    """At these distances; and slices without lungs, and such that cannot be read."""
    more = refused + unreadable
    count = len(embeddings) + more
    features = invented.features(
        np.array(embeddings + [0.0] * more)[:, np.newaxis],
        np.arange(count) % 2 == 1,
        np.arange(count).astype(str),
        np.zeros(count),
    )
    features.views[: len(views), 0] = views
    return replace(
        features, statuses=["ok"] * len(embeddings) + ["rejected"] * refused + ["error"] * unreadable
    )


DISTANCES = st.lists(st.tuples(st.floats(0, 40), st.integers(0, 40)), min_size=1, max_size=150)


@given(DISTANCES, st.integers(0, 3), st.integers(0, 20))
def test_at_most_two_in_a_hundred_are_rejected(
    distances: list[tuple[float, int]], refused: int, unreadable: int
) -> None:
    features = slices([d for d, _ in distances], [d for _, d in distances], refused, unreadable)
    fitted = fit_limits(DETECTOR, features)
    rejected = len(distances) + refused - accepted(fitted, features).sum()
    assert rejected <= max(MAX_REJECTED * (len(distances) + refused), refused)
    assert min(fitted.embedding.limit, fitted.view.limit) >= 10
    before = len(distances) + refused - accepted(DETECTOR, features).sum()
    if before <= MAX_REJECTED * (len(distances) + refused):
        assert fitted == DETECTOR  # nothing asks for others


def test_limits_are_no_higher_than_needed() -> None:
    embeddings, views = [float(n) for n in range(100)], [0] * 100
    fitted = fit_limits(DETECTOR, slices(embeddings, views))
    assert 98 < fitted.embedding.limit < 99  # one lies beyond; the other one is the views'
    assert fitted.view.limit == 10
    assert accepted(fitted, slices(embeddings, views)).sum() == 99


def test_a_gate_judges_as_the_detector_of_a_pipeline() -> None:
    features = slices([0.0, 10.0, 10.5, 0.0], [0, 10, 0, 11])
    judged = [
        DETECTOR.rejection(DETECTOR.embedding.distance(embedding), view) is None
        for embedding, view in zip(features.embeddings, features.views, strict=True)
    ]
    assert accepted(DETECTOR, features).tolist() == judged == [True, True, False, False]


@pytest.mark.parametrize("refused", [0, 5])
def test_none_is_rejected_that_need_not_be(refused: int) -> None:
    features = slices([50.0] * 10, [60] * 10, refused)
    assert accepted(fit_limits(DETECTOR, features), features).sum() == 10
