"""The paper's arrangements with a tenth of their slices, so that a training takes a second."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from train.data import arrangements
from train.data.covid_ct import COVID, NOT_COVID, Part

COVID_CT: dict[Part, dict[int, int]] = {
    "train": {COVID: 30, NOT_COVID: 30},
    "val": {COVID: 24, NOT_COVID: 22},
    "test": {COVID: 26, NOT_COVID: 24},
}
SIRM: dict[Part, slice] = {"train": slice(0, 8), "val": slice(64, 68), "test": slice(88, 90)}
FEW = f"from {__name__} import take_few\ntake_few()\n"


def take_few() -> None:
    """From here on, and in this process."""
    arrangements.COVID_CT, arrangements.SIRM = COVID_CT, SIRM


@contextmanager
def few_slices() -> Iterator[None]:
    before = arrangements.COVID_CT, arrangements.SIRM
    take_few()
    try:
        yield
    finally:
        arrangements.COVID_CT, arrangements.SIRM = before


def python_path(folder: Path) -> str:
    """PYTHONPATH with which a process does the same; folder: to write what it begins with."""
    (folder / "sitecustomize.py").write_text(FEW)
    known = os.environ.get("PYTHONPATH")
    return os.pathsep.join([str(folder), str(Path(__file__).parents[1]), *([known] if known else [])])
