"""The paper's arrangements of its data sets (Tables 1 and 2), as lists of files."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from train.covid_ct import COVID, NOT_COVID, DataError, Item, Part, official_list

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
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Arrangement:
        parts = {p: [Item(**item) for item in record[p]] for p in ("train", "val", "test")}
        return cls(number=record["number"], cut_seed=record["cut_seed"], **parts)


# Table 1: images of each class in each part
TABLE_1: dict[Part, dict[int, int]] = {
    "train": {COVID: 191, NOT_COVID: 191},
    "val": {COVID: 60, NOT_COVID: 58},
    "test": {COVID: 98, NOT_COVID: 95},
}


def arrangement(number: int, data: Path, cut_seed: int = CUT_SEED) -> Arrangement:
    """Arrangement 1: COVID-CT alone, counted as in Table 1.

    The official not-COVID lists hold 234 training and 105 test images where the paper has 191
    and 95; `cut_seed` draws which stay. Lists keep their official order.
    Raises DataError for a missing, unreadable or miscounted list, or a patient in two parts.
    """
    if number != 1:
        raise DataError(f"arrangement {number} is not built yet; arrangement 1 is")
    rng = np.random.default_rng(cut_seed)
    parts: dict[Part, list[Item]] = {}
    for part, wanted in TABLE_1.items():
        parts[part] = []
        for label, count in wanted.items():
            items = official_list(data, part, label)
            kept = sorted(rng.choice(len(items), size=count, replace=False))
            parts[part] += [items[index] for index in kept]
    _check_disjoint(parts)
    return Arrangement(number, cut_seed, parts["train"], parts["val"], parts["test"])


def _check_disjoint(parts: dict[Part, list[Item]]) -> None:
    seen: dict[str, Part] = {}
    for part, items in parts.items():
        for item in items:
            if seen.setdefault(item.patient, part) != part:
                raise DataError(f"patient {item.patient} is in {seen[item.patient]} and in {part}")
