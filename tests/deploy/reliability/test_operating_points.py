from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from deploy.reliability.operating_points import (
    SENSITIVITY,
    SPECIFICITY,
    screening_threshold,
    specific_threshold,
)
from train.data.covid_ct import COVID, NOT_COVID, Item

SLICES = st.lists(st.tuples(st.integers(0, 9), st.floats(0, 0.999)), min_size=1, max_size=60)


def scored(slices: list[tuple[int, float]], label: int) -> tuple[list[Item], NDArray[np.float64]]:
    items = [Item(f"{n}.png", label, f"patient {patient}") for n, (patient, _) in enumerate(slices)]
    return items, np.array([probability for _, probability in slices])


def share_of_patients(items: list[Item], right: NDArray[np.bool_]) -> float:
    patients = {item.patient for item in items}
    own = [[right[n] for n, item in enumerate(items) if item.patient == patient] for patient in patients]
    return float(np.mean([np.mean(each) for each in own]))


@given(SLICES)
def test_screening_finds_what_it_must_and_is_no_lower_than_that_takes(
    slices: list[tuple[int, float]],
) -> None:
    items, probabilities = scored(slices, COVID)
    threshold = screening_threshold(items, probabilities)
    assert share_of_patients(items, probabilities >= threshold) >= SENSITIVITY - 1e-9
    higher = np.unique(probabilities[probabilities > threshold + 2e-6])
    if len(higher):
        assert share_of_patients(items, probabilities >= higher[0]) < SENSITIVITY + 1e-9


@given(SLICES)
def test_specific_passes_what_it_must_and_is_no_higher_than_that_takes(
    slices: list[tuple[int, float]],
) -> None:
    items, probabilities = scored(slices, NOT_COVID)
    threshold = specific_threshold(items, probabilities)
    assert share_of_patients(items, probabilities < threshold) >= SPECIFICITY - 1e-9
    lower = probabilities[probabilities < threshold - 2e-6]
    if len(lower):
        assert share_of_patients(items, probabilities < lower.max()) < SPECIFICITY + 1e-9


def test_slices_that_may_show_nothing_do_not_lower_screening() -> None:
    plain = [Item(f"{n}.png", COVID, f"patient {n}") for n in range(20)]
    mild = [Item(f"mild {n}.png", COVID, f"mild {n}", target=0.75) for n in range(20)]
    probabilities = np.array([*np.full(20, 0.7), *np.full(20, 0.1)])
    assert screening_threshold(plain + mild, probabilities) == 0.7
