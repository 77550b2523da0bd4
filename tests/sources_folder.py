"""A folder of the released sources, of small invented slices, each with a table of its own."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path

import numpy as np
from PIL import Image

from tests import covid_ct_folder
from tests.covid_ct_folder import slice_of
from train.data import sirm
from train.data.covid_ct import COVID, NOT_COVID, Part, official_list
from train.data.sources import PART_IN_TABLE, TABLES

COVID_CT: dict[Part, int] = {"train": 42, "val": 24, "test": 24}  # of each class, in our table
EVERY = 2  # of SIRM's slices, in our table
BLOCK, SARS_BLOCKS = 10, 8  # slices; of each class
SARS_PARTS = ("train", "train", "train", "", "validation", "", "test", "test")  # of the blocks
STUDIES = 10  # of each grade of MosMed, and of LUNA
STUDY_PARTS = (*["train"] * 6, *["validation"] * 2, *["test"] * 2)
GRADES = {"CT-0": NOT_COVID, "CT-1": COVID, "CT-2": COVID, "CT-3": COVID, "CT-4": COVID}
WORDS = {COVID: "COVID-19", NOT_COVID: "not COVID-19"}

Line = Mapping[str, object]


def write(data: Path) -> Path:
    """Fill `data` with the five folders; covid-ct and sirm as `covid_ct_folder` does, few in tables.

    Bright patches stand for opacities. All slices with COVID-19 have them, and, as other diseases
    would, every other slice of SARS-CoV-2-CT without it.
    """
    covid_ct_folder.write(data)
    rng = np.random.default_rng(1)
    write_table(data / "covid-ct", _covid_ct(data))
    write_table(data / "sirm", _sirm(data))
    write_table(data / "sars-cov-2-ct", list(_sars(rng, data / "sars-cov-2-ct")))
    write_table(data / "mosmed", list(_mosmed(rng, data / "mosmed")))
    write_table(data / "luna-slices", list(_luna(rng, data / "luna-slices")))
    for name in ("covid-ct", "sirm", "sars-cov-2-ct", "mosmed", "luna-slices"):
        shutil.copy(TABLES / f"{name}.about.json", data / name / "table.about.json")
    return data


def write_table(folder: Path, lines: Iterable[Line]) -> None:
    rows = list(lines)
    with (folder / "table.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def save(rng: np.random.Generator, path: Path, patches: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(slice_of(rng, patches)).save(path, lossless=True)


def _covid_ct(data: Path) -> Iterable[Line]:
    for part, count in COVID_CT.items():
        official = [official_list(data, part, label)[:count] for label in (COVID, NOT_COVID)]
        for item in chain.from_iterable(official):
            path = item.path.removeprefix("covid-ct/")
            yield _line(path, item.label, item.patient, PART_IN_TABLE[part])


def _sirm(data: Path) -> Iterable[Line]:
    """Cut as the real one, place by place."""
    real = csv.DictReader((TABLES / "sirm.csv").open())
    for item, row in list(zip(sirm.slices(data), real, strict=True))[::EVERY]:
        yield _line(item.path.removeprefix("sirm/"), COVID, row["patient"], row["part"])


def _sars(rng: np.random.Generator, folder: Path) -> Iterable[Line]:
    names = {COVID: "COVID/Covid ({}).png", NOT_COVID: "NonCOVID/Non-Covid ({}).png"}
    for number in range(1, SARS_BLOCKS * BLOCK + 1):
        save(rng, folder / names[COVID].format(number), patches=True)
        save(rng, folder / names[NOT_COVID].format(number), patches=number % 2 == 0)
    for label, name in names.items():
        for number in range(SARS_BLOCKS * BLOCK):
            block = number // BLOCK
            yield _line(name.format(number + 1), label, f"{label} {block}", SARS_PARTS[block])


def _mosmed(rng: np.random.Generator, folder: Path) -> Iterable[Line]:
    for place, (grade, label) in enumerate(GRADES.items()):
        for number, part in enumerate(STUDY_PARTS):
            path = f"{grade}/study_{STUDIES * place + number + 1:04}.webp"
            save(rng, folder / path, patches=label == COVID)
            weight = 0.25 if grade == "CT-1" else 1
            yield {**_line(path, label, path, part), "group": grade, "weight": weight}


def _luna(rng: np.random.Generator, folder: Path) -> Iterable[Line]:
    for number, part in enumerate(STUDY_PARTS):
        path = f"{9 + 13 * number}_{number}.webp"
        save(rng, folder / path, patches=False)
        yield {**_line(path, NOT_COVID, path, part), "group": "clear"}


def _line(path: str, label: int, patient: str, part: str) -> Line:
    return {"path": path, "label": WORDS[label], "patient": patient, "part": part}
