"""The "Italian" data set: slices of the Italian radiology society, SIRM, all with COVID-19.

98 slices of MedSeg's set of 100 (files `test48_N` and `train50_N`, N from 0 to 99), in place of
the 100 of the paper. They carry no patient numbers, and neighbours in N may be one patient.
"""

from __future__ import annotations

import re
from pathlib import Path

from train.data.covid_ct import COVID, DataError, Item

SOURCE = "sirm"  # its folder
COUNT = 98
BLOCK = 4  # slices of neighbouring numbers that stand for a patient in splits and intervals
TWINS = {"train50_43": "train50_10"}  # nearly the same slice


def slices(data: Path) -> list[Item]:
    """The 98 slices in the order of their numbers; `patient` names the block of neighbours.

    Raises DataError where the folder is missing or holds another number of slices.
    """
    files = [path for path in (data / SOURCE).glob("*") if _number(path) >= 0]
    if len(files) != COUNT:
        raise DataError(
            f"{data / SOURCE}: {len(files)} slices named test48_N or train50_N, where {COUNT} are expected"
        )
    files.sort(key=lambda path: (_number(path), path.name))
    blocks = {path.stem: position // BLOCK for position, path in enumerate(files)}
    for twin, other in TWINS.items():
        if {twin, other} <= blocks.keys():
            joined = blocks[twin]
            blocks = {name: blocks[other] if block == joined else block for name, block in blocks.items()}
    return [Item(f"{SOURCE}/{path.name}", COVID, f"SIRM block {blocks[path.stem]}") for path in files]


def _number(path: Path) -> int:
    match = re.fullmatch(r"(?:test48|train50)_(\d+)\.(?:webp|png)", path.name)
    return int(match[1]) if match else -1
