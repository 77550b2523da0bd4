from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from edgect.statistics.two_samples import holm, kolmogorov_smirnov, population_stability

SAMPLES = st.lists(st.floats(-5, 5), min_size=1, max_size=60)


@given(SAMPLES, SAMPLES)
def test_the_distance_is_scipys(first: list[float], second: list[float]) -> None:
    found = kolmogorov_smirnov(first, second)
    assert found.distance == pytest.approx(ks_2samp(first, second, method="asymp").statistic)
    assert 0 <= found.p_value <= 1
    at = [np.mean(np.asarray(sample) <= found.at) for sample in (first, second)]
    assert abs(at[0] - at[1]) == pytest.approx(found.distance)


@pytest.mark.parametrize(("first", "second", "shift"), [(30, 40, 0.0), (100, 2500, 0.2), (2000, 9000, 0.05)])
def test_p_values_are_near_exact_ones(first: int, second: int, shift: float) -> None:
    rng = np.random.default_rng(first)
    samples = rng.normal(size=first), rng.normal(shift, size=second)
    exact = ks_2samp(*samples, method="exact").pvalue
    assert kolmogorov_smirnov(*samples).p_value == pytest.approx(exact, rel=0.1)


def test_false_alarms_keep_to_the_level_with_equal_values_too() -> None:
    rng = np.random.default_rng(0)
    p_values = [
        kolmogorov_smirnov(rng.integers(0, 5, 200), rng.integers(0, 5, 500)).p_value for _ in range(500)
    ]
    assert np.mean(np.asarray(p_values) <= 0.05) <= 0.05


def test_holm_adjusts_the_smallest_most() -> None:
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_the_stability_index_by_hand() -> None:
    baseline = np.arange(1000) / 1000
    later = np.concatenate([baseline, np.full(1000, 0.95)])  # half of them in the last tenth
    p, q = np.full(10, 0.1), np.array([0.05] * 9 + [0.55])
    assert population_stability(baseline, later).index == pytest.approx(
        ((q - p) * np.log(q / p)).sum(), rel=0.03
    )


def test_the_stability_index_without_drift_is_what_is_expected() -> None:
    rng = np.random.default_rng(0)
    found = [population_stability(rng.normal(size=400), rng.normal(size=300)) for _ in range(200)]
    assert np.mean([each.index for each in found]) == pytest.approx(found[0].expected, rel=0.15)


def test_a_baseline_of_one_value_makes_one_bin() -> None:
    assert population_stability([1, 1, 1], [1, 1]).index == 0


@pytest.mark.parametrize("test", [kolmogorov_smirnov, population_stability])
def test_an_empty_sample_is_an_error(test: object) -> None:
    with pytest.raises(ValueError, match="a sample is empty"):
        test([], [1.0])  # type: ignore[operator]
