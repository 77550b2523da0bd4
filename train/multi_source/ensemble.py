"""Networks beside their mean: what a teacher of several reaches, which its student is held against.

Judged are the validation parts of sources, each by last layers that were not fitted to it, and slices of
sources without COVID-19 by how many are called where 3 of 4 slices with it are found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgect.statistics.roc import auc
from train.data.sources import further, released
from train.multi_source import last_layer
from train.multi_source.last_layer import Floats, Hospital
from train.multi_source.run import MultiSourceRun
from train.multi_source.trajectory import Judged
from train.run import RunError, read_json

SENSITIVITY = 0.75  # mean over the hospitals, at which calls on sources without COVID-19 are counted


@dataclass(frozen=True)
class Answers:
    """log_odds: by source, of its validation slices. whole: by layers that were fitted to all hospitals."""

    log_odds: Mapping[str, Floats]
    whole: Mapping[str, Floats]


def judge(
    runs: Sequence[MultiSourceRun],
    data: Path,
    cache: Path | None = None,
    names: Sequence[str] = (),
    beside: Sequence[MultiSourceRun] = (),
) -> dict[str, Any]:
    """Of each run by its name, and of all as `mean` where there are several; no test part is read.

    beside: runs that have no part in the mean, such as its student. names: of the sources, all that edgect
    has tables of without. Raises RunError for a run whose last layer was not fitted again, or to other
    hospitals than those before it.
    """
    names = list(dict.fromkeys(names or [*released(), *further()]))
    every = [*runs, *beside]
    fitted = [_fitted(run) for run in every]
    if different := next((run for run, own in zip(every, fitted, strict=True) if own != fitted[0]), None):
        raise RunError(
            f"{different.path}: its last layer was fitted to other hospitals than {runs[0].path}'s"
        )
    answered, sources = {}, {}
    for run in every:
        sources = last_layer.read_hospitals(run, run.member(), names, data, cache)
        answered[run.path.resolve().name] = answers(run, sources)
    if len(runs) > 1:
        answered["mean"] = _mean(list(answered.values())[: len(runs)])
    return {name: figures(each, sources, fitted[0]) for name, each in answered.items()}


def judge_left_out(
    runs: Sequence[MultiSourceRun],
    data: Path,
    cache: Path | None = None,
    beside: Sequence[MultiSourceRun] = (),
    strength: float = 0.03,
) -> dict[str, Any]:
    """AUC by source of runs that were trained without the same sources, and of their `mean`; no test part.

    By last layers as trained and, with `strength`, fitted to others, as `trajectory.follow` has them. beside:
    runs that have no part in the mean. Raises RunError where different sources were left out.
    """
    judged = Judged.by(runs[0], data)
    answered: dict[str, Mapping[str, Mapping[str, Floats]]] = {}
    for run in [*runs, *beside]:
        if (left_out := Judged.by(run, data).left_out) != judged.left_out:
            raise RunError(
                f"{run.path}: was trained without {', '.join(left_out)}, {runs[0].path} without "
                f"{', '.join(judged.left_out)}"
            )
        crops = run.crops(judged.parts, data, cache)
        answered[run.path.resolve().name] = judged.log_odds(run.member(), crops, strength)
    members = {name: answered[name] for name in list(answered)[: len(runs)]}
    if len(members) > 1:
        layers = next(iter(members.values()))
        answered["mean"] = {
            layer: _mean_by_source([own[layer] for own in members.values()]) for layer in layers
        }
    areas = {
        name: {layer: judged.areas(log_odds) for layer, log_odds in own.items()}
        for name, own in answered.items()
    }
    return {"left_out": judged.left_out, "members": list(members), "auc": areas}


def _fitted(run: MultiSourceRun) -> list[str]:
    """The hospitals that its last layer was fitted to."""
    if not run.head_file.exists():
        raise RunError(f"{run.path}: its last layer was not fitted again; `multi-source head` does so")
    return list(read_json(run.head_file)["slices"])


def answers(run: MultiSourceRun, sources: Mapping[str, Hospital]) -> Answers:
    start, strength = last_layer.direction_of(run.member()), read_json(run.head_file)["strength"]
    fitted = _fitted(run)
    whole = last_layer.fit([sources[name] for name in fitted], start, strength)
    return Answers(
        last_layer.left_out_log_odds(sources, fitted, start, strength),
        {name: whole.log_odds(own.embeddings) for name, own in sources.items()},
    )


def _mean(members: Sequence[Answers]) -> Answers:
    return Answers(
        _mean_by_source([own.log_odds for own in members]), _mean_by_source([own.whole for own in members])
    )


def _mean_by_source(members: Sequence[Mapping[str, Floats]]) -> dict[str, Floats]:
    return {name: np.mean([own[name] for own in members], axis=0) for name in members[0]}


def figures(answered: Answers, sources: Mapping[str, Hospital], fitted: Sequence[str]) -> dict[str, Any]:
    """AUC by source of both classes, and the share that is called of those without COVID-19."""
    both = {name: own for name, own in sources.items() if len(np.unique(own.labels)) == 2}
    threshold = threshold_at_sensitivity([answered.whole[name][sources[name].labels] for name in fitted])
    by_source = {name: auc(own.labels, answered.log_odds[name]) for name, own in both.items()}
    called = {
        name: float((answered.whole[name][~own.labels] >= threshold).mean())
        for name, own in sources.items()
        if name not in both and not own.labels.any()
    }
    mean = float(np.mean([by_source[name] for name in fitted]))
    return {"hospitals": mean, "auc": by_source, "called": called}


def threshold_at_sensitivity(positives: Sequence[Floats]) -> float:
    """The highest at which hospitals' slices with COVID-19 are found often enough, hospitals alike."""
    places = np.sort(np.concatenate(positives))[::-1]
    found = np.mean([[(own >= place).mean() for place in places] for own in positives], axis=0)
    return float(places[np.argmax(found >= SENSITIVITY)])
