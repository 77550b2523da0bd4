from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgect.sources.about import About
from edgect.statistics.metrics import confusion, evaluate
from train.data.covid_ct import Item
from train.data.sources import Source
from train.multi_source.evaluation import balanced_threshold, evaluate_items, with_views

SCORES = st.lists(st.integers(0, 1999).map(lambda n: (2 * n + 1) / 4000), max_size=12)  # between levels


def scored(positive: list[float], negative: list[float]) -> tuple[list[Item], np.ndarray]:
    labels = [1] * len(positive) + [0] * len(negative)
    items = [Item(f"a/{n}.png", label, f"unit {n}") for n, label in enumerate(labels)]
    return items, np.array([*positive, *negative], float)


@given(st.lists(st.tuples(SCORES, SCORES), max_size=4))
def test_a_threshold_is_never_extreme_and_none_does_better(
    scores_by_source: list[tuple[list[float], list[float]]],
) -> None:
    pairs = [scored(*pair) for pair in scores_by_source]
    threshold = balanced_threshold(pairs)
    assert 0.05 <= threshold <= 0.95

    def worth(level: float) -> float:
        found = [np.mean(np.array(positive) >= level) for positive, _ in scores_by_source if positive]
        passed = [np.mean(np.array(negative) < level) for _, negative in scores_by_source if negative]
        return float(min([*found, *passed], default=0))

    assert all(worth(threshold) >= worth(level) - 2e-4 for level in np.arange(0.05, 0.952, 0.005))


@given(
    st.lists(st.floats(0.0, 0.4), min_size=1), st.lists(st.floats(0.5, 1.0), min_size=1), st.floats(-0.3, 0.4)
)
def test_classes_that_can_be_parted_are_parted_in_the_middle(
    low: list[float], high: list[float], shift: float
) -> None:
    negative, positive = np.clip(np.add(low, shift), 0, 1), np.clip(np.add(high, shift), 0, 1)
    threshold = balanced_threshold([scored(positive.tolist(), negative.tolist())])
    assert negative.max() < threshold <= positive.min()
    middle = (max(negative.max(), 0.05) + min(positive.min(), 0.95)) / 2
    assert threshold == pytest.approx(middle, abs=0.006)


def test_sources_count_alike_whatever_their_size() -> None:
    small, large = scored([0.9] * 20, [0.5] * 20), scored([0.4] * 30, [0.1] * 30)
    larger = scored([0.4] * 90, [0.1] * 90)
    assert balanced_threshold([small, large]) == balanced_threshold([small, larger])


def test_the_worst_source_decides_and_a_handful_of_slices_does_not() -> None:
    many = scored([0.6] * 90, [0.2] * 90)
    assert 0.2 < balanced_threshold([many, scored([], [0.5] * 20)]) <= 0.6
    assert balanced_threshold([many, scored([], [0.5] * 20)]) > 0.5
    assert balanced_threshold([many, scored([], [0.5] * 19)]) == balanced_threshold([many])


def test_positives_that_may_show_nothing_do_not_lower_the_threshold() -> None:
    items, scores = scored([0.6] * 30 + [0.1] * 30, [0.2] * 40 + [0.05] * 60)
    mild = [
        replace(item, target=0.75) if score == 0.1 else item
        for item, score in zip(items, scores, strict=True)
    ]
    assert balanced_threshold([(mild, scores)]) > 0.2 > balanced_threshold([(items, scores)])


def test_both_classes_are_described_by_all_metrics_with_intervals() -> None:
    items, scores = scored([0.9, 0.8, 0.3], [0.2, 0.6, 0.1, 0.1])
    evaluated = evaluate_items(items, scores, 0.5)
    labels = [item.label for item in items]
    assert (evaluated["images"], evaluated["units"]) == (7, 7)
    assert evaluated["metrics"] == evaluate(labels, scores, 0.5)
    assert (
        evaluated["confusion"]
        == vars(confusion(labels, scores >= 0.5))
        == {"tp": 2, "fn": 1, "tn": 3, "fp": 1}
    )
    for name, (low, high) in evaluated["intervals"].items():
        assert low <= evaluated["metrics"][name] <= high


@pytest.mark.parametrize(
    ("positive", "negative", "name"),
    [([0.9, 0.5, 0.2], [], "sensitivity"), ([], [0.1, 0.5, 0.2], "specificity")],
)
def test_one_class_alone_has_the_share_that_is_right(
    positive: list[float], negative: list[float], name: str
) -> None:
    items, scores = scored(positive, negative)
    one_unit = [Item(item.path, item.label, "one") for item in items]
    evaluated, apart = evaluate_items(one_unit, scores, 0.5), evaluate_items(items, scores, 0.5)
    assert evaluated["metrics"] == {name: pytest.approx(2 / 3)}
    assert evaluated["intervals"] == {name: None}
    assert (evaluated["images"], evaluated["units"]) == (3, 1)
    low, high = apart["intervals"][name]
    assert 0 <= low < 2 / 3 < high <= 1


def test_a_view_of_a_source_is_judged_by_itself_and_other_sources_once() -> None:
    grades = ["CT-0", "CT-1", "CT-2", "CT-1", "CT-4"]
    items = [Item(f"{n}.png", int(grade != "CT-0"), str(n), group=grade) for n, grade in enumerate(grades)]
    graded = About("Graded", views={"severe": ["CT-0", "CT-2", "CT-3", "CT-4"]})
    sources = {"graded": Source(about=graded), "plain": Source(about=About("Plain"))}
    whole = {
        "graded": (items, np.arange(5.0)),
        "plain": scored([1.0], [0.0]),
        "graded, all parts": (items, np.ones(5)),
    }
    judged = with_views(whole, sources)
    assert {name: judged[name] for name in whole} == whole
    kept, scores = judged["graded, severe"]
    assert [item.group for item in kept] == ["CT-0", "CT-2", "CT-4"]
    assert scores.tolist() == [0, 2, 4]
    assert judged.keys() - whole.keys() == {"graded, severe", "graded, severe, all parts"}
