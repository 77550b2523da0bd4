"""Trainings with one thing changed, each without a source, on which they are judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from train.multi_source.trajectory import AS_TRAINED, AVERAGINGS, FITTED
from train.report.markdown import number
from train.report.multi_source.trainings import LEFT_OUT, SEVERE, TITLES, table_or_not
from train.report.multi_source.trajectory import (
    CHOSEN,
    NAMES,
    TITLES_LEFT_OUT,
    Course,
    courses,
    difference,
    spread,
)
from train.run import read_json

SMALL, AT_SIZE = "across/variants", "across/variants-at-size"  # of runs NAME-without-SOURCE-seed-N
UNCHANGED = "recipe"
VARIANTS = {
    "weight-decay-0": "no weight decay",
    "weight-decay-0.3": "weight decay 0.3, not 0.05",
    "distortion-0.5": "distortion half as strong",
    "distortion-1.5": "distortion half again as strong",
    "distortion-2": "distortion twice as strong",
    "distortion-3": "distortion three times as strong",
    "attention": "pooling by attention",
    "students": "taught by three networks",
    "distortion-1.5+1500-steps": "distortion half again as strong, 1,500 steps",
    "99x131+distortion-1.5": "distortion half again as strong, 99 × 131 pixels",
    "99x131+distortion-1.5+laid-in": "the same, with six sources more laid in",
}

Value = Callable[[Course], float]


def _value(course: Course, layer: str) -> float:
    return course.of_left_out((course.last_step, CHOSEN, layer))


def _never_seen(course: Course) -> float:
    return course.of_never_seen((course.last_step, CHOSEN, FITTED))


def _by_training(folder: Path, name: str) -> dict[tuple[str, int], Course]:
    found = courses(folder, f"{name}-without-*")
    return {(course.left_out, course.seed): course for course in found}


def unchanged(folder: Path, of: str = SMALL) -> str:
    """AUC of each source left out, by the recipe as it is. of: the folder of these trainings in `folder`."""
    found = _by_training(folder / of, UNCHANGED)
    rows = []
    for layer in (AS_TRAINED, FITTED):
        own = [[_value(course, layer) for course in found.values() if course.left_out == s] for s in LEFT_OUT]
        if all(own):
            rows.append([layer, *map(spread, own), number(float(np.mean([np.mean(each) for each in own])))])
    return table_or_not(["last layer", *TITLES_LEFT_OUT, "mean"], rows)


def differences(folder: Path, of: str = SMALL) -> str:
    """To the recipe as it is, in the training without the same source and with the same seed."""
    base = _by_training(folder / of, UNCHANGED)
    columns: list[Value] = [partial(_value, layer=layer) for layer in (AS_TRAINED, FITTED)]
    rows = []
    for name, title in VARIANTS.items():
        changed = _by_training(folder / of, name)
        pairs = [(course, base[place]) for place, course in changed.items() if place in base]
        if not pairs:
            continue
        by_source = [_gains([pair for pair in pairs if pair[0].left_out == s], columns[1]) for s in LEFT_OUT]
        means = [_gains(pairs, value) for value in (*columns, _never_seen)]
        cells = [difference(own) if own else "" for own in (*means[:2], *by_source, means[2])]
        rows.append([title, len(pairs), *cells])
    layers = [f"mean, {layer}" for layer in (AS_TRAINED, FITTED)]
    return table_or_not(["changed", "trainings", *layers, *TITLES_LEFT_OUT, "Sfax"], rows)


def averages(folder: Path, of: str = SMALL) -> str:
    """Other averages of the weights against the exponential one, in the same training after its last step."""
    found = courses(folder / of)
    rows = []
    for averaging in AVERAGINGS:
        if averaging == CHOSEN or not found:
            continue
        cells = []
        for layer in (AS_TRAINED, FITTED):
            gains = [own.of_left_out((own.last_step, averaging, layer)) - _value(own, layer) for own in found]
            cells += [difference(gains), f"{sum(gain > 0 for gain in gains)} of {len(gains)}"]
        rows.append([NAMES[averaging], *cells])
    head = [name for layer in (AS_TRAINED, FITTED) for name in (layer, "better in")]
    return table_or_not(["average", *head], rows)


def _gains(pairs: Sequence[tuple[Course, Course]], value: Value) -> list[float]:
    return [value(own) - value(other) for own, other in pairs]


def teachers(folder: Path) -> str:
    """Members without a source, their mean, and the student, on that source."""
    rows = []
    for file in sorted((folder / SMALL).glob("teachers-without-*.json")):
        content = read_json(file)
        (source,) = content["left_out"]
        judged = SEVERE if source == "mosmed" else source
        areas: Mapping[str, Mapping[str, Mapping[str, float]]] = content["auc"]
        members = content["members"]
        columns = [members, ["mean"], [name for name in areas if name not in (*members, "mean")]]
        for layer in (AS_TRAINED, FITTED):
            cells = [", ".join(number(areas[name][layer][judged]) for name in names) for names in columns]
            rows.append([TITLES[judged], layer, *cells])
    return table_or_not(["left out", "last layer", "members", "their mean", "student"], rows)
