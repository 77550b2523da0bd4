from __future__ import annotations

import random

import pytest

from edgect.series import Slice, summarise


def one(position: float | None, probability: float | None = 0.2, normal: str = "0 0 1") -> Slice:
    status = "rejected" if probability is None else "ok"
    positive = probability is not None and probability >= 0.5
    return Slice(f"{position}.dcm", None, status, positive, probability, position, normal)


def test_slices_are_put_in_order_and_averaged_with_neighbours() -> None:
    slices = [one(5.0 * number, 0.9 if number in (4, 5) else 0.0) for number in range(10)]
    random.Random(0).shuffle(slices)
    found = summarise(slices)
    assert [each.position for each in found.slices] == [5.0 * number for number in range(10)]
    assert found.positive == [5, 6]
    assert found.share == 0.2
    assert found.highest == (pytest.approx(0.6), 5)
    assert found.spacing == 5
    assert found.doubts == []


def test_what_is_odd_is_told() -> None:
    slices = [one(0), one(5), one(5), one(10), one(30), one(None), one(7, normal="0 0.5 0.866")]
    doubts = " ".join(summarise(slices).doubts)
    for told in ("2 orientations", "1 slices where another", "1 gaps, up to 20 mm", "without a position"):
        assert told in doubts


def test_a_series_without_an_answer_has_no_share() -> None:
    found = summarise([one(0, None), one(5, None)])
    assert (found.share, found.highest, found.count("rejected")) == (None, None, 2)
