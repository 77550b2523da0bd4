"""Blocks of neighbours where patients are unknown."""

from __future__ import annotations

import random

import pytest

from edgect.errors import UsageError
from edgect.sources.parts import FixedParts, fixed_parts
from edgect.sources.table import read_table
from tests.edgect.sources.conftest import WriteTable


@pytest.fixture
def lines() -> list[str]:
    """200 slices of each label, by number."""
    return [f"{name}/img {n}.png,{label}" for label, name in enumerate(("no", "yes")) for n in range(200)]


def of_part(parts: FixedParts, part: str, label: int) -> list[int]:
    """Numbers of a part's slices of a label."""
    return sorted(
        int(path.split(" ")[1].split(".")[0])
        for path, case, own in zip(parts.paths, parts.cases, parts.parts, strict=True)
        if own == part and case.label == label
    )


@pytest.mark.parametrize("label", [0, 1])
def test_blocks_follow_one_another_by_number_with_a_gap_at_borders(
    write_table: WriteTable, lines: list[str], label: int
) -> None:
    random.Random(0).shuffle(lines)
    table = write_table(*lines)
    parts = fixed_parts(table, read_table(str(table)))
    assert parts.unit == "block"
    assert of_part(parts, "train", label) == list(range(110))
    assert of_part(parts, "validation", label) == list(range(120, 150))
    assert of_part(parts, "test", label) == list(range(160, 200))
    assert of_part(parts, "", label) == [*range(110, 120), *range(150, 160)]
    assert len(set(parts.units)) == 40


def test_a_known_series_is_never_cut(write_table: WriteTable) -> None:
    series = {n: f"s{n // 27}" for n in range(400)}
    table = write_table(
        *(f"{n:04}.png,{int(n < 200 and n % 3 == 0)},{series[n]}" for n in range(400)),
        head="path,label,series",
    )
    parts = fixed_parts(table, read_table(str(table)))
    for name in set(series.values()):
        own = {unit for unit, case in zip(parts.units, parts.cases, strict=True) if case.series == name}
        assert len(own) == 1
    assert all(parts.of(part) for part in ("train", "validation", "test"))  # type: ignore[arg-type]


def test_every_group_of_some_size_is_in_every_part(write_table: WriteTable) -> None:
    sizes = {"CT-0": 80, "CT-1": 300, "CT-3": 20, "CT-4": 1}
    table = write_table(
        *(f"{group}/{n}.png,1,{group}" for group, size in sizes.items() for n in range(size)),
        head="path,label,group",
    )
    parts = fixed_parts(table, read_table(str(table)))
    for part in ("train", "validation", "test"):
        assert {"CT-0", "CT-1"} <= {case.group for case in parts.of(part)}  # type: ignore[arg-type]
    assert {case.group for case in parts.of("test")} == {"CT-0", "CT-1", "CT-4"}


def test_a_block_alone_is_held(write_table: WriteTable) -> None:
    table = write_table("a.png,1", "b.png,0")
    assert list(fixed_parts(table, read_table(str(table))).parts) == ["test", "test"]


def test_slices_that_are_added_would_move_blocks(write_table: WriteTable, lines: list[str]) -> None:
    table = write_table(*lines)
    fixed_parts(table, read_table(str(table)))
    fixed_parts(write_table(*reversed(lines)), read_table(str(table)))
    table = write_table(*lines, "no/img 200.png,0")
    with pytest.raises(UsageError, match="slices were added, which moves blocks"):
        fixed_parts(table, read_table(str(table)))


def test_a_block_that_the_tables_parts_cut_is_two(write_table: WriteTable) -> None:
    table = write_table(
        *(f"{n}.png,1,{'train' if n < 5 else 'test'}" for n in range(10)), head="path,label,part"
    )
    parts = fixed_parts(table, read_table(str(table)))
    assert len(set(parts.units[:5])) == len(set(parts.units[5:])) == 1
    assert parts.units[0] != parts.units[9]
