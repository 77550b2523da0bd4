"""The beta distribution against SciPy's, and the exact interval against the binomial distribution."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from edgect.statistics.beta import beta_probability, beta_quantile, clopper_pearson

PARAMETERS = st.floats(-2, 5).map(lambda exponent: 10**exponent)
PROBABILITIES = st.floats(0.001, 0.999)


@given(PARAMETERS, PARAMETERS, st.floats(0, 1))
def test_the_probability_is_scipys(a: float, b: float, value: float) -> None:
    assert beta_probability(value, a, b) == pytest.approx(stats.beta.cdf(value, a, b), abs=1e-9)


@given(PARAMETERS, PARAMETERS, PROBABILITIES)
def test_the_quantile_is_scipys(a: float, b: float, probability: float) -> None:
    assert beta_quantile(probability, a, b) == pytest.approx(stats.beta.ppf(probability, a, b), abs=1e-9)


@given(st.integers(1, 2000), st.floats(0, 1), st.sampled_from([0.9, 0.95, 0.99]))
def test_the_exact_interval_is_scipys(of: int, share: float, level: float) -> None:
    count = round(share * of)
    ends = stats.binomtest(count, of).proportion_ci(level, "exact")
    assert clopper_pearson(count, of, level) == pytest.approx((ends.low, ends.high), abs=1e-9)


@pytest.mark.parametrize(("count", "of"), [(-1, 3), (4, 3), (0, 0)])
def test_what_is_no_proportion_is_refused(count: int, of: int) -> None:
    with pytest.raises(ValueError, match=f"{count} of {of} units"):
        clopper_pearson(count, of)


def test_parameters_that_are_not_above_0_are_refused() -> None:
    with pytest.raises(ValueError, match="above 0, not 0 and 1"):
        beta_probability(0.5, 0, 1)
