"""From log-odds to a probability, and to a map of the evidence."""

from __future__ import annotations

from math import inf, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgect.model.backends import Outputs
from edgect.model.decision.log_odds import evidence_map, to_probability


@pytest.mark.parametrize(
    ("log_odds", "probability"), [(0.0, 0.5), (log(3), 0.75), (-log(3), 0.25), (log(4), 0.8)]
)
def test_odds_of_three_to_one_are_three_quarters(log_odds: float, probability: float) -> None:
    assert to_probability(log_odds) == pytest.approx(probability, abs=1e-15)
    assert type(to_probability(np.float32(log_odds))) is float


@pytest.mark.filterwarnings("error")
def test_the_ends_are_exact_and_nothing_overflows() -> None:
    assert [to_probability(value) for value in (-inf, -1e4, 1e4, inf)] == [0, 0, 1, 1]


@given(st.floats(-800, 800))
def test_both_classes_together_are_certain(log_odds: float) -> None:
    assert to_probability(log_odds) + to_probability(-log_odds) == 1


def test_both_classes_together_are_certain_between_as_well() -> None:
    assert {to_probability(n / 997) + to_probability(-n / 997) for n in range(2000)} == {1}


@given(st.floats(0.01, 20))
def test_more_evidence_is_a_higher_probability(log_odds: float) -> None:
    assert to_probability(-log_odds) < 0.5 < to_probability(log_odds)


def test_evidence_is_the_difference_of_the_maps_with_the_log_odds_as_its_mean() -> None:
    cam = np.random.default_rng(0).normal(size=(2, 2, 3, 4)).astype(np.float32)
    evidence = evidence_map(Outputs(np.zeros((2, 2), np.float32), cam, np.zeros((2, 128), np.float32)), 1.5)
    assert (evidence.shape, evidence.dtype) == ((3, 4), np.float32)
    assert evidence.mean() == pytest.approx(1.5, abs=1e-6)
    np.testing.assert_allclose(
        evidence - evidence[0, 0], (cam[0, 1] - cam[0, 0]) - (cam[0, 1] - cam[0, 0])[0, 0], atol=1e-6
    )
