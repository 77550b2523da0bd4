"""Blocks of neighbours in number, which stand for patients where these are unknown."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath

from edgect.sources.contents import Contents
from edgect.sources.labels import Case
from edgect.sources.table import PARTS

BLOCK = 10  # slices, or more where a series has more
ENOUGH = 8  # blocks, of which each part gets some
BORDER = ", block "  # between a block's stratum and its number

Order = tuple[tuple[str, ...], list[int], str]


def blocks(contents: Contents) -> list[str]:
    """The block of each case: `BLOCK` slices that follow one another by folder and by the numbers in names.

    Slices of a study or a series that is known are in one block, however many. Blocks are of one stratum,
    a label and a group; a series is of that of its first slice with COVID-19, if any is. Groups with
    fewer than `ENOUGH` blocks of slices share a stratum.
    """
    wholes: dict[str, list[int]] = defaultdict(list)
    for place in sorted(range(len(contents.cases)), key=lambda place: _order(contents.paths[place])):
        wholes[_whole(contents.cases[place], contents.paths[place])].append(place)
    strata: dict[tuple[int, str], list[list[int]]] = defaultdict(list)
    sizes = Counter((case.label, case.group) for case in contents.cases)
    for places in wholes.values():
        case = contents.cases[max(places, key=lambda place: contents.cases[place].label)]
        group = case.group if sizes[case.label, case.group] >= ENOUGH * BLOCK else ""
        strata[case.label, group].append(places)
    units = [""] * len(contents.cases)
    for (label, group), own in strata.items():
        number, size = 0, 0
        for places in own:
            if size >= BLOCK:
                number, size = number + 1, 0
            size += len(places)
            for place in places:
                units[place] = f"label {label}, group {group!r}{BORDER}{number:06}"
    return units


def divide_blocks(units: Sequence[str]) -> dict[str, str]:
    """The part of each block: each stratum's in order, three, one and one fifth of them.

    Empty for the block before a border, which may share a patient with the next.
    """
    strata: dict[str, list[str]] = defaultdict(list)
    for unit in sorted(set(units)):
        strata[unit.rpartition(BORDER)[0]].append(unit)
    drawn: dict[str, str] = {}
    for own in strata.values():
        first, second = len(own) * 3 // 5, len(own) * 4 // 5
        for rank, block in enumerate(own):
            drawn[block] = PARTS[(rank >= first) + (rank >= second)]
        for border in {first, second} - {0, len(own)}:
            drawn[own[border - 1]] = ""
    return drawn


def _whole(case: Case, path: str) -> str:
    """What is not to be cut: study, series, or the file alone."""
    if case.study or case.series:
        return f"study {case.study}" if case.study else f"series {case.series}"
    return f"file {path}"


def _order(path: str) -> Order:
    """By folder, then by the numbers in the name; the same on every machine."""
    file = PurePosixPath(path)
    return file.parent.parts, [int(number) for number in re.findall(r"\d+", file.stem)], file.name
