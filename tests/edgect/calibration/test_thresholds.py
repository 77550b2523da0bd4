"""Operating points, and whether what is promised holds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edgect.calibration import thresholds
from edgect.calibration.patients import Labelled
from edgect.errors import UsageError

SLICES = st.lists(
    st.tuples(st.integers(-5, 5), st.booleans(), st.sampled_from("abcdef")), min_size=2, max_size=30
)


def labelled(slices: list[tuple[int, bool, str]]) -> Labelled:
    values, labels, units = zip(*slices, strict=True)
    return Labelled(np.array(values, float), np.array(labels), np.array(units))


def least(fitted: Labelled, limit: float) -> float:
    """The lesser of sensitivity and specificity, patients weighing alike."""
    right = (fitted.log_odds >= limit) == fitted.labels
    return min(np.average(right[own], weights=fitted.weights[own]) for own in (fitted.labels, ~fitted.labels))


@given(SLICES)
def test_no_threshold_is_better_balanced(slices: list[tuple[int, bool, str]]) -> None:
    fitted = labelled(slices)
    assume(fitted.labels.any() and not fitted.labels.all() and len(set(fitted.log_odds)) > 1)
    chosen = least(fitted, thresholds.balanced(fitted))
    assert all(chosen >= least(fitted, limit) - 1e-9 for limit in fitted.log_odds)


def test_what_is_promised_holds_on_average_however_many_slices_a_patient_has() -> None:
    rng = np.random.default_rng(0)

    def patients(count: int) -> tuple[np.ndarray, np.ndarray]:
        slices = rng.integers(1, 9, count)
        units = np.repeat([f"p{number}" for number in range(count)], slices)
        return np.repeat(rng.normal(0, 1, count), slices) + rng.normal(0, 1, len(units)), units

    to_come, _ = patients(20_000)
    found, spared = [], []
    for _ in range(400):
        values, units = patients(24)
        positive = Labelled(values, np.ones(len(values), bool), units)
        found.append(np.mean(to_come >= thresholds.screening(positive, 0.9)))
        negative = Labelled(values, np.zeros(len(values), bool), units)
        spared.append(np.mean(to_come <= thresholds.specific(negative, 0.9)))
    # the standard error of the mean is about 0.003; rounding down promises up to 1/25 more
    assert 0.89 < np.mean(found) < 0.97
    assert 0.89 < np.mean(spared) < 0.97
    assert min(found) < 0.9  # on average, and not of every fitting part


@pytest.mark.parametrize(("patients", "promised", "missed"), [(19, 0.95, 0), (38, 0.95, 0), (39, 0.95, 1)])
def test_so_many_may_be_missed(patients: int, promised: float, missed: int) -> None:
    values = np.arange(patients, dtype=float)
    slices = Labelled(values, np.ones(patients, bool), values.astype(str))
    assert np.count_nonzero(values < thresholds.screening(slices, promised)) == missed


@given(st.integers(0, 200), st.floats(0.01, 0.999), st.sampled_from(["sensitivity", "specificity"]))
def test_a_refusal_names_what_would_do(patients: int, promised: float, name: str) -> None:
    try:
        thresholds.check_promise(patients, promised, name)
    except UsageError as refusal:
        words = str(refusal).replace(";", "").split()
        needed = int(words[words.index("are") - 1])
        thresholds.check_promise(needed, promised, name)
        with pytest.raises(UsageError):
            thresholds.check_promise(needed - 1, promised, name)
        if patients and (highest := float(words[-1])):
            thresholds.check_promise(patients, highest, name)


@given(st.floats(0, 1))
def test_thresholds_of_few_digits_keep_to_their_side(probability: float) -> None:
    assert thresholds.probability_at_least(probability) <= probability
    assert thresholds.probability_above(probability) > probability or probability > 1 - 1e-6
    assert thresholds.probability_above(probability) <= 1
