"""The trainings of the default network and of what it is compared with, and what was read with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from train.multi_source.evaluation import TEST_2
from train.multi_source.recipe import PARTS_OF_RECIPE
from train.multi_source.run import TEST_READING, MultiSourceRun
from train.report.markdown import number, ranged, table
from train.run import read_json

SEVERE = "mosmed, CT-0 against CT-2 to CT-4"  # what runs call this view of it
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
METRIC_COLUMNS = ("seed", "slices", "units", "accuracy", "sensitivity", "specificity", "AUC")

Evaluation = dict[str, Any]  # what `evaluate_items` says of one part
EvaluationsBySeed = Sequence[tuple[int, Evaluation]]


def runs(folder: Path, name: str) -> list[MultiSourceRun]:
    """Those of `name`, `name-seed-0`, `name-seed-1`, ... that are validated, in the order of their seeds."""
    first = folder / name
    candidates = [MultiSourceRun(path) for path in (first, *first.parent.glob(f"{first.name}-seed-*"))]
    finished = [run for run in candidates if run.validation_file.exists()]
    return sorted(finished, key=lambda run: (run.recipe().seed, run.path.name))


def validations(folder: Path, name: str) -> dict[int, Evaluation]:
    """validation.json of each seed."""
    return {run.recipe().seed: read_json(run.validation_file) for run in runs(folder, name)}


def reading(run: MultiSourceRun) -> dict[str, Evaluation]:
    """The first reading of the test parts, by name of the part; empty where there is none."""
    readings = [line for line in run.readings("test") if line["by"] == TEST_READING]
    return dict(readings[0]["sources"]) if readings else {}


def as_trained(run: MultiSourceRun) -> float:
    """The threshold of the first reading, which is older than a last layer that was fitted anew."""
    readings = [line for line in run.readings("test") if line["by"] == TEST_READING]
    return float(readings[0]["threshold"]) if readings else run.threshold()


def by_seed(folder: Path, name: str, part: str) -> list[tuple[int, Evaluation]]:
    """What each seed of a training was found to do on a part."""
    readings = [(run.recipe().seed, reading(run)) for run in runs(folder, name)]
    return [(seed, parts[part]) for seed, parts in readings if part in parts]


def seed_rows(folder: Path, name: str, part: str, titles: Sequence[str]) -> list[list[Any]]:
    """Titles and METRIC_COLUMNS of a part, for each seed of a training, and their mean; none if not read."""
    evaluations, unit = by_seed(folder, name, part), UNITS[part.removesuffix(WHOLE)]
    rows = [
        [*titles, seed, e["images"], f"{e['units']} {unit}", *(cell(e, m) for m in METRICS)]
        for seed, e in evaluations
    ]
    if not evaluations:
        return []
    defined = [metric in evaluations[0][1]["metrics"] for metric in METRICS]
    means = [number(mean(evaluations, m)) if k else None for m, k in zip(METRICS, defined, strict=True)]
    return [*rows, [*titles, f"mean of {len(evaluations)}", None, None, *means]]


def cell(evaluation: Evaluation, metric: str) -> str | None:
    """A metric with its interval; None where it is not defined, as the specificity of COVID-19 alone."""
    if metric not in evaluation["metrics"]:
        return None
    return ranged(evaluation["metrics"][metric], evaluation["intervals"][metric])


def mean(evaluations: EvaluationsBySeed, metric: str) -> float:
    return float(np.mean([evaluation["metrics"][metric] for _, evaluation in evaluations]))


def not_measured(head: Sequence[str]) -> list[Any]:
    """The row of ours where nothing was measured."""
    return ["**ours**", NOT_MEASURED, *([None] * (len(head) - 2))]


def table_or_not(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table, or where it would have no rows the words that say so."""
    cells = list(rows)
    return table(head, cells) if cells else NOT_MEASURED
