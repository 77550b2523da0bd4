from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.data.covid_ct import Item
from train.finetune.validation import Measured, loss_by_patient, loss_of_tables


def test_patients_and_classes_count_alike() -> None:
    items = [Item("", 1, "a"), Item("", 1, "a"), Item("", 1, "a"), Item("", 1, "b"), Item("", 0, "c")]
    log_odds = np.array([2.0, 2.0, 2.0, -1.0, 0.0])
    a, b, c = math.log1p(math.exp(-2)), math.log1p(math.exp(1)), math.log(2)
    assert loss_by_patient(items, log_odds) == pytest.approx(((a + b) / 2 + c) / 2)


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 3), st.floats(-30, 30)), min_size=1))
def test_more_slices_of_the_same_answers_change_nothing(drawn: list[tuple[int, int, float]]) -> None:
    items = [Item("", label, str(patient)) for label, patient, _ in drawn]
    log_odds = np.array([odds for *_, odds in drawn])
    doubled = loss_by_patient(items * 2, np.tile(log_odds, 2))
    assert doubled == pytest.approx(loss_by_patient(items, log_odds))


def test_released_sources_do_not_select_the_step() -> None:
    rows = [Measured(0, name, 1, 1, None, loss) for name, loss in (("a", 1.0), ("b", 3.0), ("old", 9.0))]
    assert loss_of_tables(rows, ["a", "b"]) == 2.0
