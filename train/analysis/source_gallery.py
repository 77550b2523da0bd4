"""Pictures for the eye, source by source: crops with their lungs, and where the network sees evidence.

Training and validation parts alone; no test part is read. Slices are not chosen by looks but taken
evenly, in the order of the list, which is COVID-19 first where a source has both classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from train.analysis.evidence import evidence_maps
from train.analysis.gallery import grid, outline, save, short, show, show_evidence, strongest
from train.data.covid_ct import COVID, Item
from train.data.sources import Source, read_source, released
from train.multi_source.crops import Crops
from train.multi_source.run import MultiSourceRun
from train.networks import predict

CROPS, ANSWERS = 20, 10  # slices of each source; right answers, and as many wrong ones
COLUMNS = 5
WHOLE = "no lungs found"


@dataclass(frozen=True)
class Predictions:
    """Slices with the probability of COVID-19 and the log-odds by place, float32 `[n, h, w]`."""

    crops: Crops
    probabilities: NDArray[np.float64]
    maps: NDArray[np.float32]


def draw_figures(run: MultiSourceRun, data: Path, folder: Path) -> None:
    """crops-SOURCE.png and maps-SOURCE.png of every released source.

    Right and wrong are judged at the run's threshold; the strongest red is the same log-odds in all
    of its maps. Raises RunError for a run that is not finished and validated, DataError for data
    not as listed.
    """
    sources = {name: read_source(name, data) for name in released()}
    for name, source in sources.items():
        lung_crops(run, source.train, data, folder / f"crops-{name}.png")
    predictions = {name: _answers(run, source, data) for name, source in sources.items()}
    reddest = strongest(
        np.concatenate([group.maps for groups in predictions.values() for group in groups.values()])
    )
    for name, groups in predictions.items():
        _save_maps(groups, reddest, folder / f"maps-{name}.png")


def lung_crops(run: MultiSourceRun, items: Sequence[Item], data: Path, path: Path) -> None:
    """The crops that the network is given of some slices, with the lungs' outline."""
    recipe, places = run.recipe(), evenly_spaced(np.arange(len(items)), CROPS)
    crops = Crops.read([items[int(n)] for n in places], data, recipe.image_size, crop=recipe.crop)
    figure, rows = grid(-(-len(places) // COLUMNS), COLUMNS)
    axes = _used([axis for row in rows for axis in row], len(places))
    for axis, item, image, lungs in zip(axes, crops.items, crops.images, crops.lungs, strict=True):
        show(axis, image)
        outline(axis, lungs)
        axis.set_title(short(item) if lungs.any() else f"{short(item)}\n{WHOLE}", fontsize=6)
    save(figure, path)


def _answers(run: MultiSourceRun, source: Source, data: Path) -> dict[str, Predictions]:
    """Some `right` and some `wrong` answers on the validation part."""
    network, recipe = run.network(), run.recipe()
    crops = Crops.read(source.val, data, recipe.image_size, crop=recipe.crop)
    scores = predict.probabilities(predict.logits(network, crops.images))
    covid = np.array([item.label == COVID for item in crops.items])
    right = (scores >= run.threshold()) == covid
    groups = {}
    for name, chosen in {"right": right, "wrong": ~right}.items():
        places = evenly_spaced(np.flatnonzero(chosen), ANSWERS)
        selected = crops.select(places)
        groups[name] = Predictions(selected, scores[places], evidence_maps(network, selected.images))
    return groups


def _save_maps(groups: dict[str, Predictions], reddest: float, path: Path) -> None:
    counts = {name: len(group.crops.items) for name, group in groups.items()}
    figure, rows = _sections(counts)
    for name, group in groups.items():
        axes = _used([axis for row in rows[name] for axis in row], counts[name])
        for place, axis in enumerate(axes):
            show_evidence(axis, group.crops.images[place], group.maps[place], reddest)
            title = f"{short(group.crops.items[place])}\nP(COVID-19) = {group.probabilities[place]:.2f}"
            axis.set_title(title if group.crops.cropped[place] else f"{title}, {WHOLE}", fontsize=6)
        for row in rows[name]:
            row[0].set_ylabel(name)
    save(figure, path)


def _sections(counts: dict[str, int]) -> tuple[Figure, dict[str, list[list[Axes]]]]:
    """Rows of pictures, each name's beginning on a new one."""
    heights = {name: -(-count // COLUMNS) for name, count in counts.items()}
    figure, rows = grid(sum(heights.values()), COLUMNS)
    left = iter(rows)
    return figure, {name: [next(left) for _ in range(height)] for name, height in heights.items()}


def _used(axes: list[Axes], count: int) -> list[Axes]:
    """The first of them; the others are hidden."""
    for axis in axes[count:]:
        axis.set_visible(False)
    return axes[:count]


def evenly_spaced(places: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """count of the places, from first to last at equal distances; all, where there are no more."""
    if len(places) <= count:
        return places
    return places[np.rint(np.linspace(0, len(places) - 1, count)).astype(np.intp)]
