"""Blocks of neighbours in number, which stand for patients where these are unknown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from edgect.sources.contents import Contents
from edgect.sources.labels import Case
from edgect.sources.table import PARTS

BLOCK = 10  # slices, or more where a series has more

Order = tuple[tuple[str, ...], list[int], str]


def blocks(contents: Contents) -> list[str]:
    """The block of each case: `BLOCK` slices that follow one another by folder and by the numbers in names.

    Slices of a study or a series that is known are in one block, however many; it is one of COVID-19 if
    any of its slices is. Else blocks hold slices of one label.
    """
    wholes: dict[str, list[int]] = {}
    for place, (path, case) in enumerate(zip(contents.paths, contents.cases, strict=True)):
        wholes.setdefault(_whole(case, path), []).append(place)
    units = [""] * len(contents.cases)
    for label in (0, 1):
        own = [
            places
            for places in wholes.values()
            if max(contents.cases[place].label for place in places) == label
        ]
        own.sort(key=lambda places: min(_order(contents.paths[place]) for place in places))
        number, size = 0, 0
        for places in own:
            if size >= BLOCK:
                number, size = number + 1, 0
            size += len(places)
            for place in places:
                units[place] = f"label {label}, block {number:06}"
    return units


def divide_blocks(units: Sequence[str]) -> dict[str, str]:
    """The part of each block: each label's in order, three, one and one fifth of them.

    Empty for the block before a border, which may share a patient with the next.
    """
    drawn: dict[str, str] = {}
    for label in (0, 1):
        own = sorted({unit for unit in units if unit.startswith(f"label {label}")})
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
