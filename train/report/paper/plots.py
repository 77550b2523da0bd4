"""The report's pictures: searches, trainings and intervals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from train.paper import published
from train.paper.search.record import NAMES, SPACE
from train.report.figures import COLOURS
from train.report.paper import tables

LABELS = {"learning_rate": "learning rate", "momentum": "momentum", "l2": "L2"}
GRID = 40  # points of a partial dependence


def convergence(folder: Path) -> Figure:
    """Best validation accuracy after each attempt, one panel for each arrangement."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True)
    for arrangement, axis in enumerate(axes, 1):
        for number, (experiment, search) in enumerate(tables.searches(folder, arrangement).items()):
            accuracy = [attempt["accuracy"] for attempt in search.attempts()]
            count, colour = range(1, len(accuracy) + 1), f"C{number}"
            axis.step(count, np.maximum.accumulate(accuracy), where="post", color=colour, label=experiment)
            axis.plot(count, accuracy, ".", markersize=3, color=colour, alpha=0.5)
        axis.set(title=f"arrangement {arrangement}", xlabel="attempt")
        if tables.searches(folder, arrangement):
            axis.legend(title="experiment", fontsize=8, loc="lower right")
    axes[0].set_ylabel("validation accuracy (line: best so far)")
    return figure


def partial_dependence(folder: Path, experiment: str = "4") -> Figure:
    """What the surrogate makes of each hyper-parameter, the others averaged out."""
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    axes = figure.subplots(1, len(NAMES), sharey=True)
    for arrangement in (1, 2):
        search = tables.searches(folder, arrangement).get(experiment)
        if search is None:
            continue
        optimiser = search.surrogate()
        if not optimiser.models:
            continue
        space, colour = optimiser.space, COLOURS[arrangement - 1]
        others = space.transform(space.rvs(250, random_state=0))
        for number, axis in enumerate(axes):
            points = np.repeat(others[None], GRID, 0)
            points[..., number] = np.linspace(0, 1, GRID)[:, None]  # the space is scaled to 0 to 1
            at = [point[number] for point in space.inverse_transform(points[:, 0])]
            mean = -optimiser.models[-1].predict(points.reshape(-1, len(NAMES))).reshape(GRID, -1).mean(1)
            axis.plot(at, mean, color=colour, label=f"arrangement {arrangement}")
            tried = [attempt[NAMES[number]] for attempt in search.attempts()]
            axis.plot(tried, [a["accuracy"] for a in search.attempts()], ".", color=colour, alpha=0.4)
    for name, dimension, axis in zip(NAMES, SPACE, axes, strict=True):
        axis.set(xlabel=LABELS[name], xscale="log" if "log" in dimension.prior else "linear")
    axes[0].set_ylabel("validation accuracy")
    if axes[0].lines:
        axes[0].legend(fontsize=8)
    return figure


def trainings(folder: Path) -> Figure:
    """Training and validation loss, and validation accuracy, of every seed."""
    figure = Figure(figsize=(9, 5.4), layout="constrained")
    axes = figure.subplots(2, 2, sharex=True, sharey="row")
    for column, (title, name) in enumerate(tables.NETWORKS.items()):
        for run, colour in zip(tables.runs(folder, name), COLOURS, strict=False):
            rows = np.atleast_1d(np.genfromtxt(run.path / "epochs.csv", delimiter=",", names=True))
            seed = f"seed {run.settings().seed}"
            axes[0, column].plot(rows["epoch"], rows["train_loss"], ":", color=colour)
            axes[0, column].plot(rows["epoch"], rows["val_loss"], color=colour, label=seed)
            axes[1, column].plot(rows["epoch"], rows["val_accuracy"], color=colour, label=seed)
            selected = int(run.record()["selected"]["epoch"]) - 1
            axes[1, column].plot(selected + 1, rows["val_accuracy"][selected], "o", color=colour)
        axes[0, column].set(title=title, ylim=(0, 1.2))
        axes[1, column].set_xlabel("epoch (dot: kept)")
        if tables.runs(folder, name):
            axes[1, column].legend(fontsize=8)
    axes[0, 0].set_ylabel("loss (dotted: training)")
    axes[1, 0].set_ylabel("validation accuracy")
    return figure


def accuracies(folder: Path) -> Figure:
    """Table 5 and Test-2 as intervals: every seed, and the paper's figure as a line."""
    groups = {
        "CNN-1, Test-1": ("cnn1", "test-1", published.TABLE_5["CNN-1"][0]),
        "CNN-2, Test-1": ("cnn2", "test-1", published.TABLE_5["CNN-2"][0]),
        "CNN-1, Test-2": ("cnn1", "test-2", published.TEST_2[0]),
    }
    figure = Figure(figsize=(7, 3.2), layout="constrained")
    axis = figure.subplots()
    for row, (name, part, paper_accuracy) in enumerate(groups.values()):
        if paper_accuracy is not None:
            ends = [row - 0.35, row + 0.35]
            axis.plot([paper_accuracy] * 2, ends, color="black", lw=2, label="" if row else "paper")
        for number, run in enumerate(tables.runs(folder, name)):
            if (reading := tables.reading(run, part)) is None:
                continue
            value, ends = reading["metrics"]["accuracy"], reading["intervals"]["accuracy"]
            low, high = ends or (value, value)
            seed = run.settings().seed
            axis.errorbar(
                [value],
                [row + (number - 1) * 0.2],
                xerr=[[value - low], [high - value]],
                fmt="o",
                color=COLOURS[seed % 3],
                label="" if row else f"seed {seed}",
            )
    axis.set(yticks=range(len(groups)), yticklabels=list(groups), xlabel="accuracy, 95 % interval by patient")
    axis.invert_yaxis()
    axis.legend(fontsize=8, loc="upper left")
    return figure
