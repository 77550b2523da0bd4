"""Every source of slices, cut once into training, validation and test part.

COVID-CT keeps its official lists, which no patient straddles. Of every other source the last fifth
of each class, in the order of its numbers, is the test part, the fifth before it the validation
part. Where neighbours in number may be one patient, blocks of them stand for patients, and the
block before each border is in no part.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from train.data import sirm
from train.data.covid_ct import COVID, NOT_COVID, DataError, Item, Part, official_list

RECORDED = Path(__file__).with_name("source_splits.json")  # `fingerprint` of each source, before any training
PARTS: tuple[Part, ...] = ("train", "val", "test")
BLOCK = 10  # neighbours of SARS-CoV-2-CT; it has about 20 slices of a patient (2,482 of 120)
MILD = "mosmed/CT-1/"  # less than a quarter of the lungs affected, in this slice perhaps nothing
GRADES = {"CT-0": NOT_COVID, "CT-1": COVID, "CT-2": COVID, "CT-3": COVID, "CT-4": COVID}


@dataclass(frozen=True)
class Source:
    """The parts of one source; no patient, or block of neighbours, is in two of them."""

    train: list[Item] = field(default_factory=list)
    val: list[Item] = field(default_factory=list)
    test: list[Item] = field(default_factory=list)

    def part(self, part: Part) -> list[Item]:
        return {"train": self.train, "val": self.val, "test": self.test}[part]

    def __add__(self, other: Source) -> Source:
        return Source(self.train + other.train, self.val + other.val, self.test + other.test)


def covid_ct(data: Path) -> Source:
    """The whole official split (191/60/98 COVID, 234/58/105 not)."""

    def both_classes(part: Part) -> list[Item]:
        return official_list(data, part, COVID) + official_list(data, part, NOT_COVID)

    return Source(both_classes("train"), both_classes("val"), both_classes("test"))


def sars_cov_2_ct(data: Path) -> Source:
    """SARS-CoV-2-CT (Soares et al. 2020): both classes, other lung diseases among the others."""
    source = Source()
    for folder, label in (("COVID", COVID), ("NonCOVID", NOT_COVID)):
        names = _files(data / "sars-cov-2-ct" / folder)
        source += split_in_fifths(
            [
                Item(f"sars-cov-2-ct/{folder}/{name}", label, f"SARS-CoV-2-CT {folder} {place // BLOCK}")
                for place, name in enumerate(names)
            ]
        )
    return source


def mosmed(data: Path) -> Source:
    """MosMedData (Morozov et al., arXiv 2005.06465): one slice of a study, graded CT-0 to CT-4."""
    source = Source()
    for grade, label in GRADES.items():
        names = _files(data / "mosmed" / grade)
        source += split_in_fifths(
            [Item(f"mosmed/{grade}/{name}", label, f"MosMed {grade} {name}") for name in names]
        )
    return source


def luna16(data: Path) -> Source:
    """LUNA16: one slice of a study, none with COVID-19; ordered by the digits of the study's UID."""
    names = _files(data / "luna-slices")
    return split_in_fifths([Item(f"luna-slices/{name}", NOT_COVID, f"LUNA {name}") for name in names])


def sirm_slices(data: Path) -> Source:
    """SIRM's slices, all COVID-19."""
    return split_in_fifths(sirm.slices(data))


SOURCES: dict[str, Callable[[Path], Source]] = {
    "covid-ct": covid_ct,
    "sars-cov-2-ct": sars_cov_2_ct,
    "mosmed": mosmed,
    "luna-slices": luna16,
    "sirm": sirm_slices,
}


def source_of(item: Item) -> str:
    """Name of the source, which is the first folder of the path."""
    return item.path.split("/")[0]


def split_in_fifths(items: Sequence[Item]) -> Source:
    """Three, one and one fifth of the units, in their order.

    Units are patients. Where any of them has several slices, neighbours may be one patient in
    truth, and the last unit before each border is left out.
    """
    units = list(dict.fromkeys(item.patient for item in items))
    several_slices_each = len(units) < len(items)
    first, second = len(units) * 3 // 5, len(units) * 4 // 5
    part: dict[str, Part] = {}
    for place, unit in enumerate(units):
        part[unit] = "train" if place < first else "val" if place < second else "test"
    if several_slices_each:
        for border in {first, second} - {0}:
            part.pop(units[border - 1], None)
    parts: dict[Part, list[Item]] = {"train": [], "val": [], "test": []}
    for item in items:
        if item.patient in part:
            parts[part[item.patient]].append(item)
    return Source(parts["train"], parts["val"], parts["test"])


def _files(folder: Path) -> list[str]:
    """Names in the order of their numbers. Raises DataError for a folder without images."""
    names = [path.name for path in folder.glob("*") if re.search(r"\d", path.stem)]
    if not names:
        raise DataError(f"{folder}: no images; --data must be the folder that holds {folder.parent.name}/")
    return sorted(names, key=lambda name: ([int(n) for n in re.findall(r"\d+", name)], name))


def fingerprint(parts: Source) -> dict[str, dict[str, int | str]]:
    """Number of slices and SHA-256 of the list of paths, part by part: what a split is recorded by."""
    lists: dict[str, dict[str, int | str]] = {}
    for part in PARTS:
        paths = "\n".join(item.path for item in parts.part(part))
        lists[part] = {"slices": len(parts.part(part)), "sha256": hashlib.sha256(paths.encode()).hexdigest()}
    return lists
