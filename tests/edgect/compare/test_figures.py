"""Figures of comparisons whose answers are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgect.compare.figures import comparison
from edgect.compare.report import Comparison
from edgect.compare.sides import changed, check_same
from edgect.compare.table import table
from edgect.errors import UsageError
from edgect.evaluate.groups import By
from edgect.statistics.roc import auc
from tests.edgect.compare.invented import Truth, cases, sides

TRUTHS: list[Truth] = [(1, "a"), (1, "a"), (1, "b"), (0, "c"), (0, "d"), (0, "d")]


def compared(
    first: list[float | None],
    second: list[float | None],
    truths: list[Truth] = TRUTHS,
    by: By = "slice",
    thresholds: tuple[float, float] = (0.5, 0.5),
) -> Comparison:
    return comparison("t.csv", cases(truths), sides(truths, first, second, thresholds), by, "")


def test_what_one_model_does_not_answer_on_is_in_no_paired_difference_and_is_counted() -> None:
    first: list[float | None] = [0.9, 0.2, None, 0.1, 0.2, 0.6]
    second: list[float | None] = [0.8, 0.7, 0.9, 0.3, None, None]
    level = compared(first, second).levels["slice"]
    coverage = level.coverage
    assert (coverage.first, coverage.second, coverage.both, coverage.neither) == (5, 4, 3, 0)
    sensitivity = level.answered["sensitivity"]
    assert (sensitivity.first, sensitivity.second, sensitivity.difference) == (0.5, 1, 0.5)
    assert level.answered["specificity"].difference == 0
    intended = level.intention_to_diagnose["sensitivity"]
    assert (intended.first, intended.second) == (pytest.approx(1 / 3), 1)
    assert level.intention_to_diagnose["specificity"].second == pytest.approx(1 / 3)
    counts = {(each.first, each.second): (each.positives, each.negatives) for each in level.outcomes}
    assert counts["wrong", "right"] == (1, 0)
    assert counts["no answer", "right"] == (1, 0)
    assert counts["right", "no answer"] == counts["wrong", "no answer"] == (0, 1)
    assert sum(map(sum, counts.values())) == 6
    assert level.changed == 4


def test_each_model_is_judged_at_its_own_threshold() -> None:
    scores: list[float | None] = [0.4] * 6
    level = compared(scores, scores, thresholds=(0.5, 0.3)).levels["slice"]
    assert level.answered["sensitivity"].difference == 1
    assert level.answered["specificity"].difference == -1
    auc_ = level.answered["auc"]
    assert (auc_.first, auc_.second, auc_.difference, auc_.p) == (0.5, 0.5, 0, None)


def test_mcnemar_is_exact() -> None:
    """Of six discordant slices all for one model: 2 / 2**6."""
    truths: list[Truth] = [(1, f"p{n}") for n in range(6)]
    level = compared([0.9] * 6, [0.1] * 6, truths).levels["slice"]
    assert level.answered["accuracy"].p == pytest.approx(2 / 2**6)
    assert level.answered["specificity"].p is None


def test_series_and_patients_are_compared_too() -> None:
    """Pictures of a patient are one series; ten of each, as fewer have no label."""
    first: list[float | None] = [0.9, 0.2, None, 0.1, 0.2, 0.6]
    second: list[float | None] = [0.8, 0.7, 0.9, 0.3, None, 0.1]
    result = compared(first * 10, second * 10, TRUTHS * 10, by="patient")
    assert list(result.levels) == ["slice", "series", "patient"]
    patients = result.levels["patient"]
    assert (patients.count, patients.units, patients.changed) == (4, 4, 2)
    assert patients.coverage.both == 3
    assert patients.answered["specificity"].difference == 0.5
    text = table(result)
    assert text.index("patients ") < text.index("series ") < text.index("slices that")


@settings(max_examples=15, deadline=None)  # intervals take their time
@given(
    st.lists(
        st.tuples(st.booleans(), st.floats(0, 1) | st.none(), st.floats(0, 1) | st.none()),
        min_size=1,
        max_size=12,
    )
)
def test_the_models_in_the_other_order_differ_the_other_way(
    slices: list[tuple[bool, float | None, float | None]],
) -> None:
    truths: list[Truth] = [(int(label), f"p{n // 2}") for n, (label, _, _) in enumerate(slices)]
    first, second = [a for _, a, _ in slices], [b for _, _, b in slices]
    there = compared(first, second, truths).levels["slice"]
    back = compared(second, first, truths).levels["slice"]
    for name, each in there.answered.items():
        other = back.answered[name]
        assert (each.first, each.second, each.p) == (other.second, other.first, other.p)
        if each.difference is None:
            assert other.difference is None
            continue
        assert each.difference == pytest.approx(-(other.difference or 0))
        assert each.first is not None
        assert each.second is not None
        assert each.difference == pytest.approx(each.second - each.first)
    assert there.changed == back.changed
    both = [(label, b) for label, a, b in slices if a is not None and b is not None]
    expected = auc([label for label, _ in both], [b for _, b in both])
    value = there.answered["auc"].second
    assert (np.isnan(expected) and value is None) or value == expected
    assert len(list(changed(sides(truths, first, second)))) == there.changed


def test_a_file_that_changed_in_between_is_no_pair() -> None:
    first, second = sides(TRUTHS, [0.5] * 6, [0.5] * 6)
    check_same((first, second))
    slices = [replace(second.slices[0], sha256="another"), *second.slices[1:]]
    with pytest.raises(UsageError, match=r"0\.png: was not the same file for both"):
        check_same((first, replace(second, slices=slices)))
