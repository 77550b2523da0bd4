"""Simulated series are what they are said to be, and the limits keep their error rate on them."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.series_rule.candidates import highest_mean, share
from benchmarks.series_rule.measure import Drawn, limits, outcomes
from benchmarks.series_rule.simulated import Kind, Likeness, draw
from edgect.model.decision.series_rule import SeriesRule

ALIKE = Likeness(patient=0.3, length=10)
THRESHOLD = 0.5
CLEAR = np.linspace(-3, -0.1, 30)  # none of which reaches the threshold
KINDS = (
    Kind("a", "COVID-19", 1, np.linspace(-0.5, 3, 30), CLEAR),
    Kind("a", "others", 0, np.linspace(-3, 1, 30), CLEAR),
)


def simulated() -> list[Drawn]:
    rng = np.random.default_rng(0)
    return [Drawn(kind, 5.0, draw(kind, 200, 5.0, ALIKE, rng)) for kind in KINDS]


def test_slices_have_the_distribution_of_single_slices_and_are_alike() -> None:
    drawn = draw(KINDS[0], 2000, 10.0, ALIKE, np.random.default_rng(0), involved=(1.0, 1.0))
    assert drawn.shape == (2000, 24)
    assert np.quantile(drawn, (0.25, 0.5, 0.75)) == pytest.approx(
        np.quantile(KINDS[0].involved, (0.25, 0.5, 0.75)), abs=0.15
    )
    far = np.corrcoef(drawn[:, 0], drawn[:, 20])[0, 1]
    near = np.corrcoef(drawn[:, 0], drawn[:, 1])[0, 1]
    assert far == pytest.approx(0.3, abs=0.08)
    assert near > far + 0.1


def test_the_limits_keep_their_error_rate() -> None:
    series = simulated()
    found = limits(series, THRESHOLD, 0.1)
    assert found.low <= found.high
    for kind, (positive, _, negative) in outcomes(SeriesRule(found), series, THRESHOLD).items():
        assert (negative if kind.truth else positive) <= 0.1


def test_the_rules_compared() -> None:
    log_odds = np.array([-1.0, 2.0, -1.0, -1.0])
    assert share(log_odds, None, 0.5) == 0.25
    assert highest_mean(log_odds, None, 0.5) == pytest.approx(0.8808, abs=1e-4)
    alone = highest_mean(log_odds, np.array([0.0, 10.0, 20.0, 30.0]), 0.5)
    assert alone == pytest.approx(0.8808, abs=1e-4)
    assert highest_mean(log_odds, np.array([0.0, 5.0, 10.0, 15.0]), 0.5) < 0.6
