"""Draws of patients, and the intervals that come of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgect.statistics import bootstrap
from edgect.statistics.bootstrap import percentile_interval, resamples, slice_weights

PATIENTS = ["b", "a", "b", "c", "a", "b"]


def test_weights_and_resamples_are_of_the_same_draws() -> None:
    weights = np.concatenate(list(slice_weights(PATIENTS, draws=20)))
    counts = [np.bincount(slices, minlength=len(PATIENTS)) for slices in resamples(PATIENTS, draws=20)]
    assert weights.tolist() == np.array(counts).tolist()
    assert len({tuple(row) for row in weights.tolist()}) > 5


def test_slices_of_one_patient_stay_together_and_as_many_patients_are_drawn_as_there_are() -> None:
    for row in np.concatenate(list(slice_weights(PATIENTS, draws=50))):
        by_patient = {
            patient: {w for p, w in zip(PATIENTS, row, strict=True) if p == patient} for patient in "abc"
        }
        assert all(len(weights) == 1 for weights in by_patient.values())
        assert sum(weight for weights in by_patient.values() for weight in weights) == 3


def test_draws_do_not_depend_on_how_many_are_held_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = np.concatenate(list(slice_weights(PATIENTS, draws=7)))
    monkeypatch.setattr(bootstrap, "_WEIGHTS_AT_ONCE", 3 * len(PATIENTS))
    parts = list(slice_weights(PATIENTS, draws=7))
    assert [len(part) for part in parts] == [3, 3, 1]
    assert np.concatenate(parts).tolist() == at_once.tolist()


def test_an_interval_leaves_out_what_is_not_a_number() -> None:
    values = np.column_stack([[*np.arange(41.0), math.nan], np.full(42, math.nan)])
    low, high = percentile_interval(values)
    assert (low[0], high[0]) == (1, 39)
    assert math.isnan(low[1])
    assert math.isnan(high[1])
