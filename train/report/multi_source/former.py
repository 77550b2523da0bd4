"""The default network beside the one that was shipped before it, whose runs are kept as they were."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from train.multi_source.run import TEST_READING, MultiSourceRun
from train.multi_source.trajectory import AS_TRAINED, FITTED
from train.report.markdown import number
from train.report.multi_source.trainings import (
    DEFAULT,
    LEFT_OUT,
    METRICS,
    SEVERE,
    TITLES,
    WHOLE,
    Evaluation,
    by_seed,
    cell,
    mean,
    table_or_not,
)
from train.run import read_json

FORMER = "former"  # runs of these names, in this folder
TIMES = {"before": FORMER, "now": "."}


def test_parts(folder: Path) -> str:
    """As shipped, seed 0, its last layer fitted anew: the last reading of each source's test part."""
    read = {title: _last_reading(folder / path / DEFAULT) for title, path in TIMES.items()}
    rows = [
        [title, name, *(cell(own[key], metric) for metric in METRICS)]
        for key, title in TITLES.items()
        for name, own in read.items()
        if key in own
    ]
    return table_or_not(["source", "network", "accuracy", "sensitivity", "specificity", "AUC"], rows)


def validation_parts(folder: Path) -> str:
    """AUC of each source by last layers that were not fitted to it."""
    rows, judged = [], list[str]()
    for name, path in TIMES.items():
        run = MultiSourceRun(folder / path / DEFAULT)
        if not run.head_file.exists():
            continue
        fitted = read_json(run.head_file)
        tried = {each["strength"]: each for each in fitted["left_out"]}
        judged = list(tried[0.0]["sources"])
        for layer, strength in ((AS_TRAINED, 0.0), (FITTED, fitted["strength"])):
            areas = [number(tried[strength]["sources"][source]["auc"]) for source in judged]
            rows.append([name, layer, *areas, number(tried[strength]["mean_auc"])])
    return table_or_not(["network", "last layer", *(TITLES.get(name, name) for name in judged), "mean"], rows)


def left_out(folder: Path) -> str:
    """Each source by networks that were trained without it, as trained: the mean of their seeds."""
    rows = [[*titles, *values] for titles, values in _left_out(folder)]
    columns = [f"{metric}, {name}" for metric in ("accuracy", "AUC") for name in TIMES]
    return table_or_not(["left out", "part", *columns], rows)


def _left_out(folder: Path) -> Iterator[tuple[list[str], list[Any]]]:
    for source, name in LEFT_OUT.items():
        for key in (source, SEVERE) if source == "mosmed" else (source,):
            for part, ending in {"all parts": WHOLE, "test part": ""}.items():
                own = [by_seed(folder / path, name, f"{key}{ending}") for path in TIMES.values()]
                if all(own):
                    yield (
                        [TITLES[key], part],
                        [number(mean(each, m)) for m in ("accuracy", "auc") for each in own],
                    )


def _last_reading(path: Path) -> dict[str, Evaluation]:
    run = MultiSourceRun(path)
    readings = [line for line in run.readings("test") if line["by"] == TEST_READING]
    return dict(readings[-1]["sources"]) if readings else {}
