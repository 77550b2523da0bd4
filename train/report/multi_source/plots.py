"""AUC by source, and what the recipe's parts do, as pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from train.report.figures import COLOURS
from train.report.multi_source import ablation as ablation
from train.report.multi_source.trainings import (
    ALONE,
    DEFAULT,
    EVERYTHING,
    LEFT_OUT,
    SEVERE,
    TITLES,
    EvaluationsBySeed,
    by_seed,
)

TRAINING_OFFSET, SEED_OFFSET = 0.24, 0.06  # of a row: between trainings, between seeds
PANELS = ("COVID-CT, validation", ablation.LEFT_OUT, ablation.BLANKED)
EMPTY = "not measured"


def sources(folder: Path) -> Figure:
    """AUC on the test part of each source, by each training and seed, with intervals."""
    rows = ("covid-ct", "sars-cov-2-ct", "mosmed", SEVERE)
    figure = Figure(figsize=(8, 4.2), layout="constrained")
    axis = figure.subplots()
    labelled: set[str] = set()
    for row, key in enumerate(rows):
        left_out = LEFT_OUT["mosmed" if key == SEVERE else key]
        names = {"every source": DEFAULT, "every source but this": left_out, "COVID-CT alone": ALONE}
        for place, (title, name) in enumerate(names.items()):
            evaluations = by_seed(folder, name, key)
            label = title if evaluations and title not in labelled else ""
            labelled |= {label}
            _intervals(axis, row + (place - 1) * TRAINING_OFFSET, evaluations, COLOURS[place], label)
    ticks = [TITLES[key].replace(", ", ",\n") for key in rows]
    axis.set(yticks=range(len(rows)), yticklabels=ticks, ylim=(len(rows) - 0.5, -0.5))
    axis.set_xlabel("AUC on the test part, 95 % interval by patient or block; a dot for each seed")
    axis.axvline(0.5, color="grey", lw=0.8, ls=":")
    if axis.containers:
        figure.legend(title="trained on", fontsize=8, loc="outside upper center", ncols=3)
    else:
        _say_empty(axis)
    return figure


def _intervals(axis: Axes, row: float, evaluations: EvaluationsBySeed, colour: str, label: str) -> None:
    for number, (_, evaluation) in enumerate(evaluations):
        value, ends = evaluation["metrics"]["auc"], evaluation["intervals"]["auc"]
        low, high = ends or (value, value)
        at = row + (number - (len(evaluations) - 1) / 2) * SEED_OFFSET
        bars = [[max(0, value - low)], [max(0, high - value)]]
        first = "" if number else label
        axis.errorbar([value], [at], xerr=bars, fmt="o", ms=4, lw=1, color=colour, label=first)


def parts(folder: Path) -> Figure:
    """AUCs of every arm of the ablation; a dot for each seed, a bar for their mean."""
    by_arm = ablation.arms(folder)
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    axes = figure.subplots(1, len(PANELS), sharey=True)
    for axis, panel in zip(axes, PANELS, strict=True):
        for row, (arm, seeds) in enumerate(by_arm.items()):
            values = [aucs[panel] for aucs in seeds.values() if panel in aucs]
            if not values:
                continue
            axis.plot(values, [row] * len(values), "o", ms=4, color=COLOURS[0], alpha=0.6)
            axis.plot([np.mean(values)] * 2, [row - 0.3, row + 0.3], color=COLOURS[0], lw=2)
            if arm == EVERYTHING:
                axis.axvline(np.mean(values), color="grey", lw=0.8, ls=":")
        axis.set_xlabel(f"AUC\n{panel}")
        axis.locator_params(axis="x", nbins=5)
        if not by_arm:
            _say_empty(axis)
    axes[0].set(yticks=range(len(by_arm)), yticklabels=list(by_arm))
    axes[0].invert_yaxis()
    return figure


def _say_empty(axis: Axes) -> None:
    axis.text(0.5, 0.5, EMPTY, ha="center", va="center", transform=axis.transAxes, color="grey")
