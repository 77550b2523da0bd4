from __future__ import annotations

import pytest

from edgect.batch.cluster.batch import FIRST, MOST, SECONDS, SHARE, Batch, size

PLENTY = 10**6


def test_sending_takes_a_small_part_of_the_time() -> None:
    for seconds_per_file in (0.001, 0.01, 0.3):
        for round_trip in (0.001, 0.02, 0.1):
            files = size(seconds_per_file, round_trip, PLENTY, 3)
            assert files == MOST or round_trip < 0.05 * files * seconds_per_file


@pytest.mark.parametrize(
    ("seconds_per_file", "round_trip", "wanted"),
    [(0.01, 0.001, SECONDS[0] / 0.01), (0.01, 0.05, SHARE * 0.05 / 0.01), (0.1, 9.0, SECONDS[1] / 0.1)],
)
def test_as_many_files_as_take_the_time_wanted(
    seconds_per_file: float, round_trip: float, wanted: float
) -> None:
    assert size(seconds_per_file, round_trip, PLENTY, 3) == round(wanted)


def test_a_worker_begins_with_few_and_large_files_go_alone() -> None:
    assert size(None, 0.01, PLENTY, 3) == FIRST
    assert size(60.0, 0.01, PLENTY, 3) == 1


def test_the_last_files_are_divided() -> None:
    assert size(0.001, 0.01, 60, 3) == 10
    assert size(0.001, 0.01, 1, 3) == 1


def test_the_parts_of_a_batch_are_its_files() -> None:
    parts = list(Batch(7, [("a", ()), ("b", ("x",))], ended=2).parts())
    assert [(part.first, part.items, part.ended) for part in parts] == [
        (7, [("a", ())], 2),
        (8, [("b", ("x",))], 2),
    ]
