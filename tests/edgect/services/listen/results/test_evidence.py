"""Places with clear evidence, from a map of it."""

from __future__ import annotations

import numpy as np
import pytest

from edgect.services.listen.results.evidence import MAX_REGIONS, regions


def spots(*boxes: tuple[int, int, int, int, float]) -> np.ndarray:
    """Rectangles of evidence: top, left, height, width, log-odds."""
    evidence = np.full((200, 300), -1, np.float32)
    for top, left, height, width, value in boxes:
        evidence[top : top + height, left : left + width] = value
    return evidence


def test_the_largest_come_first_and_small_ones_are_left_out() -> None:
    found = regions(spots((10, 10, 20, 20, 9), (100, 100, 40, 60, 8), (180, 5, 3, 3, 50)), least=7.8)
    assert [region.evidence for region in found] == [8, 9]
    outline = found[0].outline
    assert outline[0].tolist() == outline[-1].tolist()  # closed
    assert (outline.min(axis=0).tolist(), outline.max(axis=0).tolist()) == ([100.5, 100.5], [159.5, 139.5])


def test_the_strongest_place_lies_within_its_own_region() -> None:
    evidence = spots((50, 50, 40, 40, 8), (100, 200, 30, 30, 9))
    evidence[60, 70], evidence[110, 210] = 12, 20
    first, second = regions(evidence, least=7)
    assert (first.strongest.tolist(), first.evidence) == ([[70.5, 60.5]], 12)
    assert (second.strongest.tolist(), second.evidence) == ([[210.5, 110.5]], 20)


def test_there_are_no_more_than_a_few() -> None:
    many = [(10 + 60 * row, 10 + 60 * column, 20, 20, 9.0) for row in range(3) for column in range(4)]
    assert len(regions(spots(*many), least=5)) == MAX_REGIONS


@pytest.mark.parametrize("value", [-5.0, 0.0, 6.9])
def test_without_clear_evidence_there_is_none(value: float) -> None:
    assert regions(spots((50, 50, 100, 100, value)), least=7) == []
