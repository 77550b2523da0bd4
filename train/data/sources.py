"""Every source of slices, with its training, validation and test part, from a table.

A source is a folder of the data folder. The tables of those that edgect was made with lie in `sources/`
here, and hold unless a folder's own `table.csv` names parts; any other source needs one. Ours were written
before any training. The released sources' parts are COVID-CT's official lists, and of the others by number:
the last fifth of each class is the test part, the fifth before it the validation part; where neighbours in
number may be one patient, blocks of them stand for patients, and the block before each border is in no
part. Of the `further` sources Sfax and the whole series are validation, or in the part that a slice of the
same patient was in before; of the others three, one and one fifth of the patients, or of the groups of near
duplicates, were taken in the order of the hash of their names.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edgect.errors import UsageError
from edgect.sources.about import About
from edgect.sources.labels import Case, Cases
from edgect.sources.parts import fixed_parts, parts_of_column
from edgect.sources.table import read_table
from train.data.covid_ct import COVID, DataError, Item, Part

RECORDED = Path(__file__).with_name("source_splits.json")  # `fingerprint` of each source, before any training
TABLES = Path(__file__).with_name("sources")
OWN_TABLE = "table.csv"
PARTS: tuple[Part, ...] = ("train", "val", "test")
PART_IN_TABLE: dict[Part, str] = {"train": "train", "val": "validation", "test": "test"}
MAY_SHOW_NOTHING = 0.75  # target of slices with COVID-19, where no target by group says otherwise


@dataclass(frozen=True)
class Source:
    """The parts of one source; no patient, or block of neighbours, is in two of them."""

    train: list[Item] = field(default_factory=list)
    val: list[Item] = field(default_factory=list)
    test: list[Item] = field(default_factory=list)
    about: About = field(default_factory=lambda: About(""))

    def part(self, part: Part) -> list[Item]:
        return {"train": self.train, "val": self.val, "test": self.test}[part]


def released() -> dict[str, float]:
    """The released sources in their order, with the weight of each in the default network's training."""
    weights: dict[str, float] = json.loads((TABLES / "default.json").read_text())
    return weights


def further() -> list[str]:
    """The sources beside the released ones, whose labels no trunk was trained on."""
    names: list[str] = json.loads((TABLES / "further.json").read_text())
    return names


def of_last_layer() -> list[str]:
    """The hospitals with slices of both classes whose validation parts the last layer is fitted to."""
    names: list[str] = json.loads((TABLES / "last_layer.json").read_text())
    return names


def read_source(name: str, data: Path) -> Source:
    """The source in the folder `data/name`, paths relative to `data`.

    A table of its own without parts gets them at first use, as `edgect.sources.parts` says. Raises
    DataError where there is no such source, or an image is missing; UsageError for a table that cannot be
    used.
    """
    folder = data / name
    if not folder.is_dir():
        raise DataError(f"{folder}: missing; --data must be the folder that holds {name}/")
    table = _table(name, folder)
    try:
        cases = read_table(str(table), folder=str(folder))
    except UsageError as error:
        raise DataError(f"{folder}: is not as its table lists it ({error})") from error
    about = About.of_table(table)
    about.check_groups(table, cases.files)
    units, parts = _units_and_parts(table, cases)
    items = [
        item_of(case, name, Path(case.path).relative_to(data).as_posix(), about, unit)
        for case, unit in zip(cases.files, units, strict=True)
    ]
    return by_part(items, parts, about)


def by_part(items: Sequence[Item], parts: Sequence[str], about: About) -> Source:
    """parts: of each item, as tables name them, empty for none."""
    own = {
        part: [item for item, name in zip(items, parts, strict=True) if name == PART_IN_TABLE[part]]
        for part in PARTS
    }
    return Source(own["train"], own["val"], own["test"], about)


def _units_and_parts(table: Path, cases: Cases) -> tuple[Sequence[str], Sequence[str]]:
    """Without reading any slice, where the table has patients and parts."""
    if cases.has_parts and cases.by_patient:
        return [case.patient for case in cases.files], parts_of_column(table, cases)
    fixed = fixed_parts(table, cases)
    return fixed.units, fixed.parts


def _table(name: str, folder: Path) -> Path:
    """Raises DataError where the folder has none and the source is none of ours."""
    own, ours = folder / OWN_TABLE, TABLES / f"{name}.csv"
    if own.is_file() and (_has_parts(own) or not ours.is_file()):
        return own
    if ours.is_file():
        return ours
    raise DataError(
        f"{own}: missing; a source that is none of {', '.join(released())} needs a table of its slices "
        "with the columns path and label"
    )


def _has_parts(table: Path) -> bool:
    with table.open(encoding="utf-8-sig", newline="") as file:
        return "part" in next(csv.reader(file), [])


def released_about(name: str) -> About:
    return About.of_table(TABLES / f"{name}.csv")


def item_of(case: Case, source: str, path: str, about: About, unit: str) -> Item:
    """A table's case as training sees it.

    path: relative to the data folder, or absolute. unit: the patient, or what stands for one.
    """
    return Item(
        path,
        case.label,
        unit,
        source,
        case.group,
        case.weight,
        _target(case, about),
        clear=case.group in about.clear_groups,
    )


def _target(case: Case, about: About) -> float | None:
    if case.group in about.target_by_group:
        return about.target_by_group[case.group]
    hidden = about.positives_may_show_nothing and not about.target_by_group
    return MAY_SHOW_NOTHING if hidden and case.label == COVID else None


def views(items: Sequence[Item], about: About) -> dict[str, list[int]]:
    """The places of the slices of each selection of groups that is judged by itself, by its title."""
    return {
        title: [place for place, item in enumerate(items) if item.group in groups]
        for title, groups in about.views.items()
    }


def fingerprint(parts: Source) -> dict[str, dict[str, int | str]]:
    """Number of slices and SHA-256 of the list of paths, part by part: what a split is recorded by."""
    lists: dict[str, dict[str, int | str]] = {}
    for part in PARTS:
        paths = "\n".join(item.path for item in parts.part(part))
        lists[part] = {"slices": len(parts.part(part)), "sha256": hashlib.sha256(paths.encode()).hexdigest()}
    return lists
