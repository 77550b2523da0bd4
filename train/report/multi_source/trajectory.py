"""Trainings without a source, along their way: after how many steps, by which weights, it is told best."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from train.multi_source.trajectory import AS_TRAINED, AVERAGINGS, FITTED
from train.report.markdown import number
from train.report.multi_source.trainings import LEFT_OUT, SEVERE, TITLES, table_or_not
from train.run import read_json

FOLDER = "across/trajectories"
CHOSEN = "exponential"  # of the default network
NAMES = {"none": "weights", "exponential": "exponential", "dense": "dense"}
LAYERS = (AS_TRAINED, FITTED)
TITLES_LEFT_OUT = [TITLES[SEVERE if source == "mosmed" else source] for source in LEFT_OUT]
NEVER_SEEN = "sfax"  # by no training, and left out of the fit of the layer that it is judged by

Place = tuple[int, str, str]  # steps, averaging, last layer


@dataclass(frozen=True)
class Course:
    """One training. along: AUC by source, of every place."""

    left_out: str
    seed: int
    along: dict[Place, dict[str, float]]

    def of_left_out(self, place: Place) -> float:
        """MosMed's without CT-1, as in the means of other tables."""
        return self.along[place][SEVERE if self.left_out == "mosmed" else self.left_out]

    @property
    def last_step(self) -> int:
        return max(steps for steps, *_ in self.along)

    def of_never_seen(self, place: Place) -> float:
        return self.along[place][NEVER_SEEN]


Value = Callable[[Course, Place], float]


def courses(folder: Path, name: str = "*") -> list[Course]:
    """Those of run folders of this name."""
    found = []
    for file in sorted(folder.glob(f"{name}/trajectory.json")):
        content, recipe = read_json(file), read_json(file.with_name("recipe.json"))["recipe"]
        along = {(own["steps"], own["averaging"], own["last_layer"]): own["auc"] for own in content["along"]}
        found.append(Course(content["left_out"][0], recipe["seed"], along))
    return found


def _of_whole_seeds(found: Sequence[Course]) -> list[Course]:
    """Of those that every source was left out with."""
    left_out = {course.seed: {own.left_out for own in found if own.seed == course.seed} for course in found}
    return [course for course in found if left_out[course.seed] == set(LEFT_OUT)]


def sources_left_out(folder: Path) -> str:
    """The mean over sources left out; of several seeds, the lowest and highest in brackets."""
    return _table(_of_whole_seeds(courses(folder / FOLDER)), Course.of_left_out)


def never_seen(folder: Path) -> str:
    """The same of a source that none of them was trained on."""
    return _table(_of_whole_seeds(courses(folder / FOLDER)), Course.of_never_seen)


def each_source(folder: Path) -> str:
    """Each source left out, by the average that is shipped and the layer as trained."""
    found = courses(folder / FOLDER)
    rows = []
    for steps in _steps(found):
        place = (steps, CHOSEN, AS_TRAINED)
        own = [
            [course.of_left_out(place) for course in found if course.left_out == source]
            for source in LEFT_OUT
        ]
        rows.append([steps, *map(spread, own)])
    return table_or_not(["steps", *TITLES_LEFT_OUT], rows)


def differences(folder: Path) -> str:
    """To the last step's shipped average in the same training, by the same layer: mean over all trainings."""
    found = courses(folder / FOLDER)
    steps_kept = _steps(found)
    rows = []
    for steps in steps_kept:
        for averaging in AVERAGINGS:
            places = [(steps, averaging, layer) for layer in LAYERS]
            if not all(place in course.along for course in found for place in places):
                continue
            if (steps, averaging) == (steps_kept[-1], CHOSEN):
                continue
            cells = []
            for place in places:
                last = (steps_kept[-1], CHOSEN, place[2])
                gained = [course.of_left_out(place) - course.of_left_out(last) for course in found]
                cells += [difference(gained), f"{sum(gain > 0 for gain in gained)} of {len(gained)}"]
            rows.append([steps, NAMES[averaging], *cells])
    head = ["steps", "average", *(name for layer in LAYERS for name in (layer, "better in"))]
    return table_or_not(head, rows)


def _table(found: Sequence[Course], value: Value) -> str:
    columns = [(averaging, layer) for averaging in AVERAGINGS for layer in LAYERS]
    rows = []
    for steps in _steps(found):
        cells = []
        for averaging, layer in columns:
            place = (steps, averaging, layer)
            there = [course for course in found if place in course.along]
            seeds = sorted({course.seed for course in there})
            means = [
                float(np.mean([value(own, place) for own in there if own.seed == seed])) for seed in seeds
            ]
            cells.append(spread(means))
        rows.append([steps, *cells])
    return table_or_not(["steps", *(f"{NAMES[a]}, {layer}" for a, layer in columns)], rows)


def _steps(found: Iterable[Course]) -> list[int]:
    """Those after which every training was judged."""
    judged = [{steps for steps, *_ in course.along} for course in found]
    return sorted(set.intersection(*judged)) if judged else []


def spread(values: Sequence[float]) -> str:
    """The mean; of several, the lowest and highest in brackets."""
    if not values:
        return ""
    mean = number(float(np.mean(values)))
    return mean if len(values) == 1 else f"{mean} ({number(min(values))} to {number(max(values))})"


def difference(values: Sequence[float]) -> str:
    mean = f"{np.mean(values):+.3f}"
    return mean if len(values) == 1 else f"{mean} ({min(values):+.3f} to {max(values):+.3f})"
