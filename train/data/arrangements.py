"""The paper's arrangements of its data sets (Tables 1 and 2), as lists of files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from train.data import sirm
from train.data.covid_ct import COVID, NOT_COVID, DataError, Item, Part, official_list

CUT_SEED = 20200424  # the preprint's date; the paper does not say which images it left out


@dataclass(frozen=True)
class Arrangement:
    """Training, validation and test lists; no patient is in two of them."""

    number: int
    cut_seed: int
    train: list[Item]
    val: list[Item]
    test: list[Item]

    def part(self, part: Part) -> list[Item]:
        return {"train": self.train, "val": self.val, "test": self.test}[part]

    def to_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "cut_seed": self.cut_seed,
            **{part: [_to_json(item) for item in self.part(part)] for part in COVID_CT},
        }

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Arrangement:
        parts = {p: [Item(**item) for item in record[p]] for p in ("train", "val", "test")}
        return cls(number=record["number"], cut_seed=record["cut_seed"], **parts)


# COVID-CT's images of each class in each part, in both arrangements (Tables 1 and 2)
COVID_CT: dict[Part, dict[int, int]] = {
    "train": {COVID: 191, NOT_COVID: 191},
    "val": {COVID: 60, NOT_COVID: 58},
    "test": {COVID: 98, NOT_COVID: 95},
}
# SIRM's slices in arrangement 2, by position in their order: 60, 20 and 10, and four left out at
# each border, so that no patient is likely to straddle it. Table 2's test row has 108 = 98 + 10,
# its text 20.
SIRM: dict[Part, slice] = {"train": slice(0, 60), "val": slice(64, 84), "test": slice(88, 98)}


def arrangement(number: int, data: Path, cut_seed: int = CUT_SEED) -> Arrangement:
    """Arrangement 1: COVID-CT alone, counted as in Table 1; 2: with SIRM, as in Table 2.

    The official not-COVID lists hold 234 training and 105 test images where the paper has 191
    and 95; `cut_seed` draws which stay. Lists keep their official order; SIRM's slices come last.
    Raises DataError for a missing, unreadable or miscounted list, or a patient in two parts.
    """
    if number not in (1, 2):
        raise DataError(f"arrangement {number} is not one of the paper's, 1 and 2")
    rng = np.random.default_rng(cut_seed)
    parts: dict[Part, list[Item]] = {}
    for part, counts in COVID_CT.items():
        parts[part] = []
        for label, count in counts.items():
            items = official_list(data, part, label)
            drawn = sorted(rng.choice(len(items), size=count, replace=False))
            parts[part] += [items[index] for index in drawn]
    if number == 2:
        italian = sirm.slices(data)
        for part, positions in SIRM.items():
            parts[part] += italian[positions]
    _check_disjoint(parts)
    return Arrangement(number, cut_seed, parts["train"], parts["val"], parts["test"])


def second_test(split: Arrangement, data: Path) -> list[Item]:
    """Test-2 of arrangement 1: all SIRM slices, and Test-1's without COVID-19."""
    if split.number != 1:
        raise DataError("Test-2 belongs to arrangement 1; arrangement 2 trains on its images")
    return sirm.slices(data) + [item for item in split.test if item.label == NOT_COVID]


def _to_json(item: Item) -> dict[str, Any]:
    return {"path": item.path, "label": item.label, "patient": item.patient}


def _check_disjoint(parts: dict[Part, list[Item]]) -> None:
    seen: dict[str, Part] = {}
    for part, items in parts.items():
        for item in items:
            if seen.setdefault(item.patient, part) != part:
                raise DataError(f"patient {item.patient} is in {seen[item.patient]} and in {part}")
