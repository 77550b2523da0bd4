"""The trainings of the default network and of what it is compared with, and what was read with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from train.multi_source.evaluation import SEVERE, TEST_2
from train.multi_source.recipe import PARTS_OF_RECIPE
from train.multi_source.run import AcrossRun
from train.report.markdown import number, ranged, table
from train.run import read_json

NOT_MEASURED = "*not measured*"
DEFAULT, ALONE = "lungs", "across/covid-ct-only"
LEFT_OUT = {name: f"across/without-{name}" for name in ("covid-ct", "sars-cov-2-ct", "mosmed")}
EVERYTHING = "everything"
ARMS = {EVERYTHING: "across/ablation/everything"} | {
    f"without {part}": f"across/ablation/without-{part.replace(' ', '-')}" for part in PARTS_OF_RECIPE
}
TITLES = {
    "covid-ct": "COVID-CT",
    "sars-cov-2-ct": "SARS-CoV-2-CT",
    "mosmed": "MosMed",
    SEVERE: "MosMed, CT-0 against CT-2 to CT-4",
    "luna-slices": "LUNA16",
    "sirm": "SIRM",
}
UNITS = {
    "covid-ct": "patients",
    "sars-cov-2-ct": "blocks",
    "mosmed": "studies",
    SEVERE: "studies",
    "luna-slices": "studies",
    "sirm": "blocks",
    TEST_2: "patients, blocks",
}  # of which intervals are drawn
WHOLE = ", all parts"  # follows the name of a source in a reading
METRICS = ("accuracy", "sensitivity", "specificity", "auc")
HEAD = ("seed", "slices", "units", "accuracy", "sensitivity", "specificity", "AUC")

Found = dict[str, Any]  # what `judge.described` says of one part
BySeed = Sequence[tuple[int, Found]]


def runs(folder: Path, name: str) -> list[AcrossRun]:
    """Those of `name`, `name-seed-0`, `name-seed-1`, ... that are validated, in the order of their seeds."""
    first = folder / name
    found = [AcrossRun(path) for path in (first, *first.parent.glob(f"{first.name}-seed-*"))]
    finished = [run for run in found if run.validation_file.exists()]
    return sorted(finished, key=lambda run: (run.recipe().seed, run.path.name))


def validations(folder: Path, name: str) -> dict[int, Found]:
    """validation.json of each seed."""
    return {run.recipe().seed: read_json(run.validation_file) for run in runs(folder, name)}


def reading(run: AcrossRun) -> dict[str, Found]:
    """The first reading of the test parts, by name of the part; empty where there is none."""
    made = [line for line in run.readings("test") if line["by"] == "train across test"]
    return dict(made[0]["sources"]) if made else {}


def by_seed(folder: Path, name: str, part: str) -> list[tuple[int, Found]]:
    """What each seed of a training was found to do on a part."""
    found = [(run.recipe().seed, reading(run)) for run in runs(folder, name)]
    return [(seed, parts[part]) for seed, parts in found if part in parts]


def seed_rows(folder: Path, name: str, part: str, titles: Sequence[str]) -> list[list[Any]]:
    """Titles and HEAD for each seed of a training on a part, and the mean over seeds; none if not read."""
    found, unit = by_seed(folder, name, part), UNITS[part.removesuffix(WHOLE)]
    rows = [
        [*titles, seed, one["images"], f"{one['units']} {unit}", *(_cell(one, metric) for metric in METRICS)]
        for seed, one in found
    ]
    if not found:
        return []
    known = [metric in found[0][1]["metrics"] for metric in METRICS]
    means = [number(mean(found, m)) if k else None for m, k in zip(METRICS, known, strict=True)]
    return [*rows, [*titles, f"mean of {len(found)}", None, None, *means]]


def _cell(found: Found, metric: str) -> str | None:
    """A metric with its interval; None where it is not defined, as the specificity of COVID-19 alone."""
    if metric not in found["metrics"]:
        return None
    return ranged(found["metrics"][metric], found["intervals"][metric])


def mean(found: BySeed, metric: str) -> float:
    return float(np.mean([one["metrics"][metric] for _, one in found]))


def not_measured(head: Sequence[str]) -> list[Any]:
    """The row of ours where nothing was measured."""
    return ["**ours**", NOT_MEASURED, *([None] * (len(head) - 2))]


def table_or_not(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table, or where it would have no rows the words that say so."""
    kept = list(rows)
    return table(head, kept) if kept else NOT_MEASURED
