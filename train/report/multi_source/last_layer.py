"""The last layer fitted anew: on sources left out, by what it was fitted to, and on test parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from train.multi_source.run import TEST_READING
from train.report.markdown import number
from train.report.multi_source.trainings import (
    DEFAULT,
    METRIC_COLUMNS,
    METRICS,
    TITLES,
    cell,
    runs,
    table_or_not,
)
from train.run import read_json

SAID = ("left_out", "seed", "steps", "recipe")  # of trunks that never saw a source
MEASURED = {
    "as_trained": "as trained",
    "fitted": "fitted",
    "sfax_as_trained": "Sfax as trained",
    "sfax_fitted": "Sfax fitted",
}
ABLATION = "last-layer-ablation.json"
FITTED = "fitted"  # the arm that the others are held against


def last_layer(folder: Path) -> str:
    """Sources left out of the fit of the last layer: AUC on validation without and with it."""
    rows = []
    for run in runs(folder, DEFAULT):
        if not run.head_file.exists():
            continue
        fitted = read_json(run.head_file)
        tried = {each["strength"]: each["sources"] for each in fitted["left_out"]}
        for name, kept in tried[0.0].items():
            moved = tried[fitted["strength"]][name]["auc"]
            rows.append(
                [TITLES.get(name, name), number(kept["auc"]), number(moved), number(moved - kept["auc"])]
            )
    return table_or_not(["left out", "as trained", "fitted to the others", "difference"], rows)


def trunks(folder: Path) -> str:
    """Trainings without a source, and what a last layer that was fitted to the others gives on it: AUC."""
    file = folder / "last-layer-left-out.json"
    trained = read_json(file)["trunks"] if file.exists() else []
    rows = [
        [*(trunk[name] for name in SAID), *(number(trunk[name]) for name in MEASURED)] for trunk in trained
    ]
    return table_or_not(["trunk without", *SAID[1:], *MEASURED.values()], rows)


def fitted_anew(folder: Path) -> str:
    """The default network on the test part of each source, its last layer as trained and fitted anew."""
    rows: list[list[Any]] = []
    for run in runs(folder, DEFAULT):
        readings = [line for line in run.readings("test") if line["by"] == TEST_READING]
        if not run.head_file.exists() or len(readings) < 2:
            continue
        titled = {"as trained": readings[0], "fitted anew": readings[-1]}
        for key, title in TITLES.items():
            for name, read in titled.items():
                own = read["sources"][key]
                rows.append([title, name, own["images"], *(cell(own, metric) for metric in METRICS)])
    return table_or_not(["source", "last layer", "slices", *METRIC_COLUMNS[3:]], rows)


def ablation(folder: Path) -> str:
    """The shipped trunk by each arm: AUC by source, and the share of other diseases that is called."""
    shipped = [trunk for trunk in _ablated(folder) if trunk["trunk"] == DEFAULT]
    arms: dict[str, Any] = shipped[0]["arms"] if shipped else {}
    areas = list(dict.fromkeys(name for own in arms.values() for name in own["auc"]))
    called = list(dict.fromkeys(name for own in arms.values() for name in own["called"]))
    rows = [
        [
            _titled(arm),
            number(own["hospitals"]),
            *(number(own["auc"][name]) for name in areas),
            *(number(own["called"][name], 2) for name in called),
        ]
        for arm, own in arms.items()
    ]
    head = [*(TITLES.get(name, name) for name in areas), *(f"{name} called" for name in called)]
    return table_or_not(["last layer", "mean of hospitals", *head], rows)


def ablation_differences(folder: Path) -> str:
    """The difference to the fit as it is, of two trunks or more, lowest and highest in brackets."""
    trunks = _ablated(folder)
    trunks = trunks if len(trunks) > 1 else []
    arms = [arm for arm in (trunks[0]["arms"] if trunks else {}) if arm != FITTED]
    rows = []
    for arm in arms:
        pairs = [(trunk["arms"][arm], trunk["arms"][FITTED]) for trunk in trunks]
        hospitals = [own["hospitals"] - fitted["hospitals"] for own, fitted in pairs]
        rest = [
            [own[kind][name] - fitted[kind][name] for own, fitted in pairs]
            for kind in ("auc", "called")
            for name in pairs[0][0][kind]
        ]
        rows.append([_titled(arm), len(pairs), *map(_difference, [hospitals, *rest])])
    own = trunks[0]["arms"][FITTED] if trunks else {"auc": {}, "called": {}}
    head = [*(TITLES.get(name, name) for name in own["auc"]), *(f"{name} called" for name in own["called"])]
    return table_or_not(["last layer", "trunks", "mean of hospitals", *head], rows)


def _ablated(folder: Path) -> list[dict[str, Any]]:
    """What `multi-source head-ablation` wrote."""
    file = folder / ABLATION
    return list(read_json(file)["trunks"]) if file.exists() else []


def _titled(arm: str) -> str:
    for name, title in TITLES.items():
        arm = arm.replace(f" {name} ", f" {title} ")
    return arm


def _difference(values: list[float]) -> str:
    return f"{np.mean(values):+.3f} ({min(values):+.3f} to {max(values):+.3f})"
