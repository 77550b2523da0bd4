"""Slices of a series in order, smoothed, and what is doubtful about the order."""

from __future__ import annotations

import random
from math import cos, radians, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgect.model.decision.series import SliceResult, summarise
from edgect.scans.frame import Vector

UP: Vector = (0, 0, 1)


def result(position: float | None, probability: float | None = 0.2, normal: Vector = UP) -> SliceResult:
    status = "rejected" if probability is None else "ok"
    positive = probability is not None and probability >= 0.5
    return SliceResult(f"{position}.dcm", None, status, positive, probability, position, normal)


def tilted(degrees: float, round_x: bool = True) -> Vector:
    """The normal of a slice that is turned round the axis from right to left, or from front to back."""
    off = sin(radians(degrees))
    return (0, off, cos(radians(degrees))) if round_x else (off, 0, cos(radians(degrees)))


def test_slices_are_put_in_order_and_averaged_with_neighbours() -> None:
    slices = [result(5.0 * number, 0.9 if number in (4, 5) else 0.0) for number in range(10)]
    random.Random(0).shuffle(slices)
    summary = summarise(slices)
    assert [slice_.position for slice_ in summary.slices] == [5.0 * number for number in range(10)]
    assert summary.positive == [5, 6]
    assert summary.share == 0.2
    assert summary.highest == (pytest.approx(0.6), 5)
    assert summary.spacing == 5
    assert summary.doubts == []


def test_what_is_doubtful_about_the_order_is_listed() -> None:
    slices = [
        result(0),
        result(5),
        result(5),
        result(10),
        result(30),
        result(None),
        result(7, normal=tilted(30)),
    ]
    doubts = " ".join(summarise(slices).doubts)
    for doubt in ("2 orientations", "1 slices where another", "1 gaps, up to 20 mm", "without a position"):
        assert doubt in doubts


def test_a_series_without_an_answer_has_no_share() -> None:
    summary = summarise([result(0, None), result(5, None)])
    assert (summary.share, summary.highest, summary.count("rejected")) == (None, None, 2)


@given(st.lists(st.tuples(st.floats(-0.24, 0.24), st.booleans()), min_size=2, max_size=12), st.randoms())
def test_normals_that_are_nearly_alike_are_one_stack(
    tilts: list[tuple[float, bool]], order: random.Random
) -> None:
    slices = [result(2.5 * number, 0.1, tilted(*tilt)) for number, tilt in enumerate(tilts)]
    order.shuffle(slices)
    summary = summarise(slices)
    assert summary.doubts == []
    assert [slice_.name for slice_ in summary.slices] == [
        f"{2.5 * number}.dcm" for number in range(len(tilts))
    ]
    assert summary.spacing == pytest.approx(2.5, abs=0.001)


def test_noise_in_an_orientation_does_not_part_neighbours() -> None:
    """As of a scanner that writes `2.05103e-10` into every second slice."""
    probabilities = [0.1, 0.9, 0.1, 0.9, 0.1, 0.9]
    slices = [result(5.0 * number, value) for number, value in enumerate(probabilities)]
    noisy = [
        result(5.0 * number, value, (0, (number % 2) * -2.05103e-10, 1))
        for number, value in enumerate(probabilities)
    ]
    assert summarise(noisy).smoothed == summarise(slices).smoothed
    assert summarise(noisy).doubts == []


@given(st.randoms())
def test_stacks_do_not_hang_on_the_order_of_the_slices(order: random.Random) -> None:
    """A tilt that wanders by less from slice to slice than tells stacks apart, and by more in all."""
    slices = [result(float(number), 0.2, tilted(0.3 * number)) for number in range(7)]
    shuffled = list(slices)
    order.shuffle(shuffled)
    first, second = summarise(slices), summarise(shuffled)
    assert first.doubts == second.doubts
    assert "orientations" in first.doubts[0]
    assert dict(zip(first.slices, first.smoothed, strict=True)) == dict(
        zip(second.slices, second.smoothed, strict=True)
    )


def test_positions_are_compared_where_slices_cross_one_line() -> None:
    """A metre from the origin, of a stack that is tilted: along its own normal each would be elsewhere."""
    heights = [1000 + 5 * number for number in range(6)]
    slices = [
        result(height * cos(radians(20 + 0.1 * (number % 2))), 0.2, tilted(20 + 0.1 * (number % 2)))
        for number, height in enumerate(heights)
    ]
    summary = summarise(slices)
    assert summary.doubts == []
    assert summary.spacing == pytest.approx(5 * cos(radians(20)), abs=0.01)
