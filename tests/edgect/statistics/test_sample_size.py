"""Numbers of patients against the exact interval, one by one, and against thresholds fitted at random."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgect.sources.numbers import FITTING, HELD
from edgect.statistics.beta import clopper_pearson
from edgect.statistics.sample_size import patients_to_know, patients_to_promise


def reach(share: float, patients: int, level: float) -> float:
    low, high = clopper_pearson(share * patients, patients, level)
    return max(share - low, high - share)


@settings(max_examples=15, deadline=None)
@given(st.floats(0, 1), st.floats(0.07, 0.4), st.sampled_from([0.8, 0.95]))
def test_the_interval_is_narrow_enough_from_that_number_on(share: float, within: float, level: float) -> None:
    needed = patients_to_know(share, within, level)
    # a hair's breadth, by which the interval's bisection and the probability may differ
    assert all(
        reach(share, patients, level) > within - 1e-9 for patients in range(max(1, needed - 5), needed)
    )
    assert all(reach(share, patients, level) < within + 1e-9 for patients in range(needed, needed + 5))


@pytest.mark.parametrize(("share", "confidence"), [(0.9, 0.9), (0.8, 0.95), (0.5, 0.6)])
def test_the_lowest_of_so_many_patients_promises_it_and_of_one_less_does_not(
    share: float, confidence: float
) -> None:
    needed = patients_to_promise(share, confidence)
    kept, broken = (np.mean(found(patients) >= share) for patients in (needed, needed - 1))
    assert kept > confidence - 0.003  # three standard errors
    assert broken < confidence


@pytest.mark.parametrize("share", [0.5, 0.8, 0.9])
def test_on_average_fewer_promise_it(share: float) -> None:
    needed = patients_to_promise(share)
    assert needed < patients_to_promise(share, 0.9)
    assert found(needed).mean() == pytest.approx(share, abs=0.003)
    assert found(needed - 1).mean() < share - 0.005 or needed == 1


def found(patients: int, fittings: int = 100_000) -> np.ndarray:
    """The true sensitivity at the lowest of so many scores, uniform from 0 to 1, by fitting."""
    if not patients:
        return np.zeros(1)
    return 1 - np.random.default_rng(0).random((fittings, patients), np.float32).min(1)


def test_what_inspect_asks_for_is_what_these_say() -> None:
    assert (FITTING, HELD) == (19, 65)


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_what_is_no_share_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="must lie between 0 and 1"):
        patients_to_know(share, 0.1)
    with pytest.raises(ValueError, match="must lie between 0 and 1"):
        patients_to_promise(share)


def test_what_no_number_of_patients_gives_is_refused() -> None:
    with pytest.raises(ValueError, match="must lie between 0 and 1"):
        patients_to_promise(1)
    with pytest.raises(ValueError, match="which must be at least"):
        patients_to_know(0.9, 0)
