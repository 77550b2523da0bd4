"""What a network being fine-tuned does on validation parts, every few steps."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgect.machine import atomic
from edgect.statistics.roc import auc
from train.data.covid_ct import COVID, NOT_COVID, Item
from train.multi_source.crops import Crops
from train.networks import predict
from train.networks.light_cnn import LightCNN


class Measured(NamedTuple):
    """auc: None for slices of one class. loss: see `loss_by_patient`."""

    step: int
    source: str
    slices: int
    units: int
    auc: float | None
    loss: float


def measure(network: LightCNN, crops: Mapping[str, Crops], step: int, device: str = "cpu") -> list[Measured]:
    """crops: the validation part of each source."""
    return [_measure(network, own, step, name, device) for name, own in crops.items()]


def _measure(network: LightCNN, crops: Crops, step: int, name: str, device: str) -> Measured:
    logits = predict.logits(network, crops.images, device).double().numpy()
    log_odds, labels = logits[:, 1] - logits[:, 0], [item.label for item in crops.items]
    both = len(set(labels)) == 2
    units = {item.patient for item in crops.items}
    loss = loss_by_patient(crops.items, log_odds)
    area = round(auc(labels, log_odds), 6) if both else None
    return Measured(step, name, len(labels), len(units), area, round(loss, 6))


def loss_by_patient(items: Sequence[Item], log_odds: NDArray[np.float64]) -> float:
    """Mean negative log-likelihood of a patient's slices, over the patients of a class, over the classes.

    So neither patients with many slices nor the larger class decide.
    """
    losses: dict[tuple[int, str], list[float]] = defaultdict(list)
    for item, odds in zip(items, log_odds, strict=True):
        losses[item.label, item.patient].append(
            float(np.logaddexp(0, -odds if item.label == COVID else odds))
        )
    by_class = [
        np.mean([np.mean(own) for (label, _), own in losses.items() if label == chosen])
        for chosen in (NOT_COVID, COVID)
        if any(label == chosen for label, _ in losses)
    ]
    return float(np.mean(by_class))


def loss_of_tables(measured: Sequence[Measured], tables: Sequence[str]) -> float:
    """What the step is selected by: the mean loss over the hospital's own tables."""
    return float(np.mean([row.loss for row in measured if row.source in tables]))


def write_table(history: Sequence[Measured], path: Path) -> None:
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerows([Measured._fields, *history])
    atomic.write(path, table.getvalue().encode())


def draw(history: Sequence[Measured], selected: int, path: Path) -> None:
    """Loss and AUC of every source by step, and the step that was selected."""
    from matplotlib.figure import Figure  # takes a second to load

    from train.analysis.gallery import save

    figure = Figure((9, 3.6), layout="constrained")
    for axis, name in zip(figure.subplots(1, 2), ("loss", "auc"), strict=True):
        for source in dict.fromkeys(row.source for row in history):
            rows = [row for row in history if row.source == source and getattr(row, name) is not None]
            if rows:
                axis.plot([row.step for row in rows], [getattr(row, name) for row in rows], label=source)
        axis.axvline(selected, color="grey", linewidth=1, linestyle=":")
        axis.set_xlabel("step")
        axis.set_ylabel("loss by patient" if name == "loss" else "AUC")
        axis.set_title("Validation parts; dotted: the selected step", fontsize=9)
    figure.axes[0].legend(fontsize=7)
    save(figure, path)
