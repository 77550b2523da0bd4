"""The COVID-CT data set (Zhao et al., arXiv 2003.13865): official lists and patient numbers."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgect.errors import EdgectError

Part = Literal["train", "val", "test"]
SOURCE = "covid-ct"  # its folder
PART_TITLES: dict[Part, str] = {"train": "training", "val": "validation", "test": "test"}

COVID, NOT_COVID = 1, 0
CLASSES = {COVID: "COVID", NOT_COVID: "NonCOVID"}
COUNTS: dict[Part, dict[int, int]] = {
    "train": {COVID: 191, NOT_COVID: 234},
    "val": {COVID: 60, NOT_COVID: 58},
    "test": {COVID: 98, NOT_COVID: 105},
}
_PATIENTS = {
    COVID: ("COVID-CT-MetaInfo.csv", "File name", "Patient ID"),
    NOT_COVID: ("NonCOVID-CT-MetaInfo.csv", "image name", "patient id"),
}


class DataError(EdgectError):
    """The data folder is not what it should be; the message names the file and what to do."""

    exit_code = 2


@dataclass(frozen=True)
class Item:
    """One labelled slice. path: relative to the data folder, or absolute. label: 1 COVID-19, 0 not.

    source, group: as the table of its source has them. weight: how often it is drawn, against others of its
    source and label. target: the probability of COVID-19 that training aims at, None for the label's.
    clear: whether its lungs are.
    """

    path: str
    label: int
    patient: str
    source: str = ""
    group: str = ""
    weight: float = 1.0
    target: float | None = None
    clear: bool = False


def official_list(data: Path, part: Part, label: int) -> list[Item]:
    """One class of one part of the official, patient-disjoint split, in the list's own order.

    Raises DataError: a list, an image or a patient number is missing, or the count differs
    from the published one.
    """
    root = data / SOURCE
    name = CLASSES[label]
    listing = root / "Data-split" / name / f"{part}CT_{name}.txt"
    names = _read(listing).split("\n")
    names = [line.strip() for line in names if line.strip()]
    if len(names) != COUNTS[part][label] or len(set(names)) != len(names):
        raise DataError(
            f"{listing}: {len(names)} lines, {len(set(names))} of them different, where the official "
            f"split has {COUNTS[part][label]}; fetch the list again"
        )
    patients = _patients(root, label)
    items = []
    for image in names:
        relative = f"{SOURCE}/Images/CT_{name}/{image}"
        if not (data / relative).is_file():
            raise DataError(f"{data / relative}: missing, but listed in {listing.name}")
        if image not in patients:
            raise DataError(f"{root / _PATIENTS[label][0]}: no patient for {image}")
        items.append(Item(relative, label, f"{name}:{patients[image]}"))
    return items


def _patients(root: Path, label: int) -> dict[str, str]:
    filename, image_column, patient_column = _PATIENTS[label]
    table = root / filename
    rows = list(csv.DictReader(_read(table).splitlines(keepends=True)))
    if not rows or not {image_column, patient_column} <= rows[0].keys():
        raise DataError(f"{table}: columns {image_column!r} and {patient_column!r} are expected")
    return {row[image_column].strip(): row[patient_column].strip() for row in rows}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path}: cannot be read ({error}); --data must be the folder that holds covid-ct/"
        ) from error
