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
    assert summary.probabilities == [0.9 if number in (4, 5) else 0.0 for number in range(10)]
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


def test_a_series_without_an_answer_has_no_probabilities() -> None:
    summary = summarise([result(0, None), result(5, None)])
    assert (summary.probabilities, summary.highest, summary.count("rejected")) == ([], None, 2)


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


def test_the_doubts_of_an_order_are_whole_sentences() -> None:
    slices = [
        *(result(position) for position in (0, 5, 5.005, 10, 15, 35, 47.5)),
        *(result(position, normal=tilted(30)) for position in (0, 5, 10)),
        result(None),
        SliceResult("no-normal.dcm", None, "ok", False, 0.2, 3, None),
    ]
    random.Random(1).shuffle(slices)
    assert summarise(slices).doubts == [
        "2 orientations: each is a stack of its own",
        "1 slices where another lies already",
        "2 gaps, up to 20 mm where slices are 5 mm apart",
        "2 slices without a position: neither ordered nor averaged",
    ]


@pytest.mark.parametrize(("step", "is_gap"), [(7.5, False), (7.51, True)])
def test_a_gap_is_more_than_one_and_a_half_distances(step: float, is_gap: bool) -> None:
    slices = [result(position) for position in (0, 5, 10, 15, 15 + step)]
    assert bool(summarise(slices).doubts) == is_gap


@pytest.mark.parametrize(("offset", "doubled"), [(0.009, True), (0.011, False)])
def test_slices_within_a_hundredth_of_a_millimetre_are_at_one_place(offset: float, doubled: bool) -> None:
    summary = summarise([result(0), result(5), result(5 + offset), result(10)])
    assert ("1 slices where another lies already" in summary.doubts) == doubled
    assert summary.spacing == pytest.approx(4.9955 if doubled else 5 - offset, abs=1e-9)


def test_neighbours_are_those_within_5_mm_on_either_side() -> None:
    places = [0.0, 4.985, 9.98, 14.995, 20.01]  # steps of 4.985, 4.995, 5.015 and 5.015
    summary = summarise(
        [result(place, probability) for place, probability in zip(places, (1, 0, 0, 0, 0.5), strict=True)]
    )
    assert summary.smoothed == pytest.approx([0.5, 1 / 3, 0, 0, 0.5])
    within = summarise([result(place, p) for place, p in ((0, 0.9), (5.009, 0.3))])
    assert within.smoothed == pytest.approx([0.6, 0.6])
    beyond = summarise([result(place, p) for place, p in ((0, 0.9), (5.011, 0.3))])
    assert beyond.smoothed == [0.9, 0.3]


def test_slices_without_an_answer_are_ordered_but_not_averaged() -> None:
    summary = summarise([result(10, 0.4), result(5, None), result(0, 0.8)])
    assert [slice_.position for slice_ in summary.slices] == [0, 5, 10]
    assert summary.smoothed == [0.8, None, 0.4]
    assert summary.spacing == 5
    assert (summary.count("ok"), summary.count("rejected"), summary.probabilities) == (2, 1, [0.8, 0.4])


def test_slices_without_a_position_come_last_as_they_were_given() -> None:
    first, second = result(None, 0.9), SliceResult("b.dcm", 3, "ok", False, 0.1, 0.0, None)
    summary = summarise([first, second, result(0), result(5)])
    assert summary.slices == [result(0), result(5), first, second]
    assert summary.smoothed == [0.2, 0.2, 0.9, 0.1]
    assert [slice_.name for slice_ in summary.slices] == ["0.dcm", "5.dcm", "None.dcm", "b.dcm[3]"]


def test_of_equal_maxima_the_first_counts_and_of_two_slices_the_higher() -> None:
    far_apart = [result(20.0 * number, value) for number, value in enumerate((0.1, 0.7, 0.3, 0.7))]
    assert summarise(far_apart).highest == (0.7, 2)
    assert summarise(far_apart).positive == [2, 4]


def test_a_single_slice_has_no_spacing_and_an_empty_series_nothing() -> None:
    assert (summarise([result(0)]).spacing, summarise([result(0)]).smoothed) == (None, [0.2])
    empty = summarise([])
    assert (empty.slices, empty.smoothed, empty.spacing, empty.doubts, empty.highest) == (
        [],
        [],
        None,
        [],
        None,
    )


@pytest.mark.parametrize(("degrees", "stacks"), [(0.499, 1), (0.501, 2)])
def test_normals_half_a_degree_off_are_the_last_of_a_stack(degrees: float, stacks: int) -> None:
    slices = [result(0), result(5), result(10, normal=tilted(degrees))]
    assert summarise(slices).doubts == ([] if stacks == 1 else ["2 orientations: each is a stack of its own"])


def test_each_orientation_is_ordered_and_smoothed_by_itself() -> None:
    straight = [result(5.0 * number, 0.8) for number in range(4)]
    turned = [result(5.0 * number, 0.2, tilted(2)) for number in range(2)]
    summary = summarise([turned[1], *straight[::-1], turned[0]])
    assert summary.slices == [*turned, *straight]  # in the order in which orientations are first met
    assert summary.smoothed == pytest.approx([0.2] * 2 + [0.8] * 4)
    assert summary.spacing == 5


def test_the_orientation_with_most_slices_round_it_takes_them_first() -> None:
    degrees = [0, 0, 0, 0.4, 0.8, 1.2]  # all but the last lie round 0.4
    slices = [result(5.0 * number, 0.2, tilted(angle)) for number, angle in enumerate(degrees)]
    summary = summarise(slices[::-1])
    assert summary.slices == [slices[5], *slices[:5]]
    assert summary.doubts == ["2 orientations: each is a stack of its own"]


def test_slices_of_a_stack_neither_found_another_nor_join_it() -> None:
    degrees = [0, 0, 0, -0.4, -0.4, 0.4, 0.8, 1.2]  # those round 0, and the last two
    slices = [
        result(5.0 * number, 0.2, (1e-9 * (angle != 0), *tilted(angle)[1:]))
        for number, angle in enumerate(degrees)
    ]
    summary = summarise(slices)
    assert summary.doubts == ["2 orientations: each is a stack of its own"]
    assert summary.slices == slices


def test_slices_of_the_first_stack_stay_in_it() -> None:
    """Whichever of its normals comes first in the order of their numbers."""
    between, apart = tilted(0.4), tilted(0.8)
    normals = [*[UP] * 3, *[tilted(0.4, round_x=False)] * 3, between, apart]
    slices = [result(5.0 * number, 0.2, normal) for number, normal in enumerate(normals)]
    assert summarise([slices[7], *slices[:7]]).slices == [slices[7], *slices[:7]]
