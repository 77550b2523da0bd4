"""Patients weigh alike, however many slices each has."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgect.calibration.patients import Labelled, ranked_by_patient, slice_weights

SLICES = st.lists(
    st.tuples(st.integers(-5, 5), st.booleans(), st.sampled_from("abcdef")), min_size=1, max_size=30
)


@given(SLICES)
def test_ranks_count_patients(slices: list[tuple[int, bool, str]]) -> None:
    values, units = np.array([s[0] for s in slices], float), np.array([s[2] for s in slices])
    ranked = ranked_by_patient(values, units)
    shares = np.array([1 / np.count_nonzero(units == unit) for unit in units])
    assert len(ranked) == len(set(units))
    assert (np.diff(ranked) >= 0).all()
    for rank, limit in enumerate(ranked):
        assert shares[values < limit].sum() <= rank + 1e-6  # and no higher limit does
        higher = values[values > limit]
        assert not len(higher) or shares[values < higher.min()].sum() > rank - 1e-6


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=20))
def test_of_one_slice_a_patient_they_are_the_slices(values: list[float]) -> None:
    units = np.array([str(number) for number in range(len(values))])
    assert ranked_by_patient(np.array(values), units).tolist() == sorted(values)


@given(SLICES)
def test_weights_are_of_patients_and_of_classes(slices: list[tuple[int, bool, str]]) -> None:
    labels, units = np.array([s[1] for s in slices]), np.array([s[2] for s in slices])
    weights = slice_weights(labels, units)
    assert weights.sum() == pytest.approx(len(slices))
    classes = [label for label in (False, True) if (labels == label).any()]
    for label in classes:
        own = {unit: weights[(labels == label) & (units == unit)].sum() for unit in units[labels == label]}
        assert sum(own.values()) == pytest.approx(len(slices) / len(classes))
        assert len({round(weight, 9) for weight in own.values()}) == 1


def test_a_class_is_ranked_by_itself() -> None:
    slices = Labelled(
        np.array([3.0, 1.0, 2.0, 0.0]), np.array([True, True, False, True]), np.array(["a", "b", "c", "b"])
    )
    assert slices.ranked(True).tolist() == [0.0, 3.0]
    assert slices.ranked(False).tolist() == [2.0]
    assert slices.mirrored().ranked(True).tolist() == [-3.0, -1.0]
    assert (slices.patients(True), slices.patients(False)) == (2, 1)
