"""The rule for a series: what it says by the share of positive slices, and what never changes its answer."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgect import Bundle
from edgect.model.bundles.bundle import bundled_names
from edgect.model.bundles.manifest import SeriesLimits
from edgect.model.decision.labels import Decision
from edgect.model.decision.series_rule import Bounds, SeriesRule

LABELS = ("not COVID-19", "COVID-19")
RULE = SeriesRule(SeriesLimits(low=0.1, high=0.3, error_rate=0.05))
RANK = {"not COVID-19": 0, "indeterminate": 1, "COVID-19": 2}
THRESHOLD = 0.5

probabilities = st.lists(st.floats(0, 1), min_size=1, max_size=60)
shares = st.floats(0.01, 0.99)
rules = st.builds(
    lambda ends, rate: SeriesRule(SeriesLimits(*sorted(ends), rate)),
    st.tuples(shares, shares),
    st.floats(0.01, 0.4),
)


def says(values: list[float], rule: SeriesRule = RULE, threshold: float = THRESHOLD) -> str:
    return Decision(LABELS, threshold, "", series_rule=rule).series_label(values)


def series(positive: int, negative: int) -> list[float]:
    return [0.9] * positive + [0.1] * negative


@pytest.mark.parametrize(
    ("positive", "slices", "said"),
    [
        (30, 100, "COVID-19"),  # the limits themselves, and one slice beside them
        (29, 100, "indeterminate"),
        (10, 100, "indeterminate"),
        (9, 100, "not COVID-19"),
        (0, 8, "indeterminate"),  # 0.7 to the 8 is more than 0.05, to the 9 less
        (0, 9, "not COVID-19"),
        (1, 1, "indeterminate"),  # one in ten negative series would give that
        (2, 2, "COVID-19"),
        (0, 1, "indeterminate"),
    ],
)
def test_what_the_share_says(positive: int, slices: int, said: str) -> None:
    assert says(series(positive, slices - positive)) == said


def test_a_series_without_an_answer_has_no_label() -> None:
    assert says([]) == ""


@settings(deadline=None)
@given(probabilities, rules, st.randoms())
def test_the_order_of_the_slices_does_not_matter(
    values: list[float], rule: SeriesRule, order: random.Random
) -> None:
    shuffled = list(values)
    order.shuffle(shuffled)
    assert rule.bounds(shuffled) == rule.bounds(values)


@settings(deadline=None)
@given(probabilities, rules, st.data())
def test_a_higher_probability_never_lowers_the_answer(
    values: list[float], rule: SeriesRule, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(values) - 1))
    raised = [*values[:place], data.draw(st.floats(values[place], 1)), *values[place + 1 :]]
    assert RANK[says(raised, rule)] >= RANK[says(values, rule)]


@settings(deadline=None)
@given(probabilities, rules)
def test_a_further_slice_moves_the_answer_its_own_way(values: list[float], rule: SeriesRule) -> None:
    said = RANK[says(values, rule)]
    assert RANK[says([*values, 0.9], rule)] >= said
    assert RANK[says([*values, 0.1], rule)] <= said


@settings(deadline=None)
@given(probabilities, rules, st.floats(0, 1), st.floats(0, 1))
def test_a_lower_threshold_never_lowers_the_answer(
    values: list[float], rule: SeriesRule, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    assert RANK[says(values, rule, low)] >= RANK[says(values, rule, high)]


@settings(deadline=None)
@given(st.integers(0, 200), st.integers(0, 200), rules)
def test_only_the_limits_decide_where_slices_are_many(positive: int, negative: int, rule: SeriesRule) -> None:
    """And never the other label than theirs."""
    if not positive + negative:
        return
    share, said = positive / (positive + negative), says(series(positive, negative), rule)
    assert said != "COVID-19" or share >= rule.limits.high - 1e-9
    assert said != "not COVID-19" or share < rule.limits.low


@settings(deadline=None)
@given(st.integers(1, 20), st.integers(0, 100))
def test_the_same_share_of_more_slices_stays_decided(times: int, positive: int) -> None:
    once = says(series(positive, 100 - positive))
    assert says(series(times * positive, times * (100 - positive))) == once


def test_the_rule_is_stated_with_its_limits() -> None:
    assert RULE.text == (
        "COVID-19 where at least 30 % of the answered slices reach the threshold, not COVID-19 where fewer "
        "than 10 % do, indeterminate in between and where slices are too few to tell; a rule, not a "
        "validated diagnosis"
    )


def test_of_several_series_the_highest_counts() -> None:
    bounds = [Bounds(0.2, 0.4), Bounds(0.1, 0.6)]
    assert Bounds.highest(bounds) == Bounds(0.2, 0.6)
    assert Bounds.highest([]) is None


@pytest.mark.parametrize("name", bundled_names())
def test_every_bundle_has_limits(name: str) -> None:
    limits = SeriesRule.from_manifest(Bundle.load(name).manifest).limits
    assert 0 < limits.low <= limits.high < 1
    assert 0 < limits.error_rate < 0.5
