"""Pictures for the eye: the paper's Figures 4 and 5 anew, the lungs that were found, the alterations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from edgect.report.heat_map import overlay
from train.analysis.evidence import evidence_maps
from train.data import lung_masks
from train.data.covid_ct import COVID, NOT_COVID, DataError, Item
from train.data.images import load_images
from train.data.occlusion import ALTERATIONS
from train.networks import predict
from train.run import Run

Grey = NDArray[np.uint8]

SIDE = 227
INCHES = 2.4  # of one picture's side
STRONGEST = 99.0  # per cent: evidence above this percentile has the strongest red
FIGURES = {COVID: "figure-4.png", NOT_COVID: "figure-5.png"}


def activation_figures(
    runs: Mapping[str, Run], items: Sequence[Item], data: Path, folder: Path
) -> dict[str, list[Item]]:
    """figure-4.png (COVID-19) and figure-5.png (not): the same slices under every network.

    runs: networks by the name that stands beside their row; items: of the training part, from
    which the paper took its examples. Not chosen by looks: of the slices of a class which every
    network classifies rightly at 0.5, the first of each patient, in list order; of those, the ones
    a quarter, a half and three quarters down the list. One network's colours have one scale in
    both figures: the strongest red is the 99th percentile of its evidence in them, as in a bundle.

    Returns the slices shown, by file name; a class of which none is classified rightly by all
    gets no file. Raises RunError for an unfinished run, DataError for missing images.
    """
    networks = {name: run.network() for name, run in runs.items()}
    sizes = {name: run.settings().image_size for name, run in runs.items()}
    pixels = {size: load_images(items, data, size) for size in set(sizes.values())}
    scores = {
        name: predict.probabilities(predict.logits(network, pixels[sizes[name]]))
        for name, network in networks.items()
    }
    labels = np.array([item.label for item in items])
    right = np.all([(score >= 0.5) == (labels == COVID) for score in scores.values()], axis=0)
    chosen = {label: _quarters(items, np.flatnonzero(right & (labels == label))) for label in FIGURES}
    shown = [index for indices in chosen.values() for index in indices]
    maps = {name: evidence_maps(network, pixels[sizes[name]][shown]) for name, network in networks.items()}
    written = {}
    for label, file in FIGURES.items():
        indices = chosen[label]
        if not indices:
            continue
        figure, axes = grid(len(runs), len(indices))
        for row, name in zip(axes, runs, strict=True):
            row[0].set_ylabel(name)
            reddest = strongest(maps[name])
            for axis, index in zip(row, indices, strict=True):
                show_evidence(axis, pixels[sizes[name]][index], maps[name][shown.index(index)], reddest)
                axis.set_title(f"P(COVID-19) = {scores[name][index]:.2f}", fontsize=8)
        written[file] = [items[index] for index in indices]
        save(figure, folder / file)
    return written


def lung_mask_figure(items: Sequence[Item], data: Path, folder: Path, count: int = 20, seed: int = 0) -> None:
    """lungs.png: `count` slices drawn by `seed` (all, if there are fewer), with their lungs outlined."""
    drawn = _draw(items, count, seed)
    figure, axes = grid(-(-len(drawn) // 5), 5)
    places = [axis for row in axes for axis in row]
    for axis in places[len(drawn) :]:
        axis.set_visible(False)
    for axis, item, image in zip(places, drawn, load_images(drawn, data, SIDE), strict=False):
        show(axis, image)
        outline(axis, lung_masks.mask(image))
        axis.set_title(short(item), fontsize=6)
    save(figure, folder / "lungs.png")


def alteration_figure(items: Sequence[Item], data: Path, folder: Path, count: int = 5, seed: int = 0) -> None:
    """alterations.png: `count` slices drawn by `seed`, as they are and under each alteration."""
    drawn = _draw(items, count, seed)
    figure, axes = grid(len(drawn), 1 + len(ALTERATIONS))
    for axis, name in zip(axes[0], ("as is", *ALTERATIONS), strict=True):
        axis.set_title(name.replace("_", " "), fontsize=8)
    for row, item, image in zip(axes, drawn, load_images(drawn, data, SIDE), strict=True):
        row[0].set_ylabel(short(item), fontsize=6)
        mask = lung_masks.mask(image)
        for axis, picture in zip(row, (image, *(f(image, mask) for f in ALTERATIONS.values())), strict=True):
            show(axis, picture)
    save(figure, folder / "alterations.png")


def _quarters(items: Sequence[Item], indices: NDArray[np.intp]) -> list[int]:
    """Of the first index of each patient, those at 1/4, 1/2 and 3/4 of the list; no index twice."""
    first = list({items[index].patient: int(index) for index in indices[::-1]}.values())[::-1]
    return sorted({first[len(first) * quarter // 4] for quarter in (1, 2, 3)}) if first else []


def strongest(maps: NDArray[np.float32]) -> float:
    """The evidence that is drawn in the strongest red."""
    return max(1.0, float(np.percentile(maps, STRONGEST)))


def _draw(items: Sequence[Item], count: int, seed: int) -> list[Item]:
    if not items or count < 1:
        raise DataError(f"{count} of {len(items)} slices: none to draw")
    drawn = np.random.default_rng(seed).choice(len(items), min(count, len(items)), replace=False)
    return [items[index] for index in sorted(drawn)]


def short(item: Item) -> str:
    kind = "COVID-19" if item.label == COVID else "not"
    return f"{kind}: {Path(item.path).stem[:24]}"


def grid(rows: int, columns: int) -> tuple[Figure, list[list[Axes]]]:
    figure = Figure(figsize=(INCHES * columns, INCHES * rows), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
    return figure, [list(row) for row in axes]


def show(axis: Axes, picture: Grey) -> None:
    axis.imshow(picture, cmap="gray", vmin=0, vmax=255)


def outline(axis: Axes, mask: NDArray[np.bool_]) -> None:
    if mask.any():
        axis.contour(mask, levels=[0.5], colors="red", linewidths=0.8)


def show_evidence(axis: Axes, picture: Grey, log_odds: NDArray[np.float32], reddest: float) -> None:
    axis.imshow(cv2.cvtColor(overlay(picture, log_odds, reddest), cv2.COLOR_BGR2RGB))


def save(figure: Figure, path: Path) -> None:
    """Without the software's name, so that the same pictures make the same bytes on one installation."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Software": None})
