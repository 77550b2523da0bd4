"""Evaluation of a finished network on every source: the threshold on validation, then the test parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgect.statistics.intervals import interval_of_mean
from edgect.statistics.metrics import confusion, evaluate, intervals
from edgect.statistics.roc import auc
from train.data import covid_ct, sirm
from train.data.arrangements import arrangement, second_test
from train.data.covid_ct import COVID, NOT_COVID, Item
from train.data.occlusion import lungs_blanked
from train.data.sources import PARTS, Source, read_source, released, views
from train.multi_source.crops import Crops
from train.multi_source.run import TEST_READING, MultiSourceRun
from train.networks import predict
from train.run import write_json

Scores = NDArray[np.float64]
FEWEST = 20  # slices of a class that a threshold heeds
TEST_2 = "test-2"  # the paper's: SIRM's slices, and those without COVID-19 of its Test-1


def validate(run: MultiSourceRun, data: Path, cache: Path | None = None) -> dict[str, Any]:
    """Choose the threshold on the validation parts of the training's sources, and say how it does there.

    `elsewhere`: on the training and validation parts of those sources in `data` that were left out,
    by which recipes may be compared; their test parts are not read. `blanked`: AUC on COVID-CT's validation
    part with the lungs blanked out.
    """
    weights = run.recipe().sources
    trained_on = {name: read_source(name, data) for name in run.chosen_on()}
    scored = _scored(run, {name: source.val for name, source in trained_on.items()}, data, cache)
    threshold = balanced_threshold(list(scored.values()))
    report = {name: evaluate_items(*pair, threshold) for name, pair in with_views(scored, trained_on).items()}
    left_out = {
        name: read_source(name, data)
        for name in released()
        if name not in {*weights, *trained_on} and (data / name).is_dir()
    }
    scored_elsewhere = _scored(
        run, {n: source.train + source.val for n, source in left_out.items()}, data, cache
    )
    content = {
        "threshold": threshold,
        "sources": report,
        "elsewhere": {
            n: evaluate_items(*pair, threshold) for n, pair in with_views(scored_elsewhere, left_out).items()
        },
        "blanked": _auc_blanked(run, data, cache) if covid_ct.SOURCE in trained_on else None,
    }
    write_json(run.validation_file, content)
    return content


def evaluate_test_parts(run: MultiSourceRun, data: Path, cache: Path | None = None) -> dict[str, Any]:
    """Read the test parts of all sources once; a source left out of training is read as a whole, too."""
    sources = {name: read_source(name, data) for name in {**released(), **run.recipe().sources}}
    parts = {name: source.test for name, source in sources.items()}
    for name, source in sources.items():
        if name not in run.recipe().sources:
            parts[f"{name}, all parts"] = [item for part in PARTS for item in source.part(part)]
    if sirm.SOURCE not in run.recipe().sources:
        parts[TEST_2] = second_test(arrangement(1, data), data)
    threshold = run.threshold()
    scored = with_views(_scored(run, parts, data, cache), sources)
    reading = {
        "by": TEST_READING,
        "part": "test",
        "threshold": threshold,
        "sources": {name: evaluate_items(*pair, threshold) for name, pair in scored.items()},
    }
    run.write_reading("test", reading)
    return reading


def balanced_threshold(scored: Sequence[tuple[Sequence[Item], Scores]]) -> float:
    """Where the least of all sources' sensitivities and specificities is highest; of equals, their mean.

    Sources with one class count for what they have, and a class of fewer than `FEWEST` slices not at all,
    unless there is no larger one. Nor do slices with a target of their own, such as those of mild disease:
    they may show nothing, and a threshold that finds them would call healthy lungs ill.
    """
    grid = np.linspace(0.05, 0.95, 181)
    rates: list[tuple[int, int, NDArray[np.float64]]] = []
    for items, scores in scored:
        positive = scores[[item.label == COVID and item.target is None for item in items]]
        negative = scores[[item.label == NOT_COVID for item in items]]
        if len(positive):
            rates.append((COVID, len(positive), (positive[:, None] >= grid).mean(0)))
        if len(negative):
            rates.append((NOT_COVID, len(negative), (negative[:, None] < grid).mean(0)))
    heeded = [own for own in rates if own[1] >= FEWEST]
    if {label for label, *_ in heeded} != {label for label, *_ in rates}:
        heeded = rates
    curves = [rate for *_, rate in heeded] or [np.zeros_like(grid)]
    worth = np.min(curves, axis=0) + 1e-4 * np.mean(curves, axis=0)  # of equals the best for all
    best = grid[worth >= worth.max() - 1e-9]
    return round(float(best[len(best) // 2]), 3)


def evaluate_items(items: Sequence[Item], scores: Scores, threshold: float) -> dict[str, Any]:
    """Metrics with 95 % intervals by patient or block; of one class alone, the share that is right.

    An interval is None where there is none, as with one patient.
    """
    labels = [item.label for item in items]
    units = [item.patient for item in items]
    counted = {"images": len(items), "units": len(set(units))}
    if len(set(labels)) == 2:
        return {
            **counted,
            "metrics": evaluate(labels, scores, threshold),
            "intervals": {
                name: ends and list(ends)
                for name, ends in intervals(labels, scores, units, threshold).items()
            },
            "confusion": vars(confusion(labels, scores >= threshold)),
        }
    right = ((scores >= threshold) == (labels[0] == COVID)).astype(np.float64)
    name = "sensitivity" if labels[0] == COVID else "specificity"
    ends = interval_of_mean(right, units)
    return {
        **counted,
        "metrics": {name: float(right.mean())},
        "intervals": {name: ends and list(ends)},
    }


def with_views(
    scored: Mapping[str, tuple[list[Item], Scores]], sources: Mapping[str, Source]
) -> dict[str, tuple[list[Item], Scores]]:
    """What is scored, and selections of groups once more, such as grades with much to see.

    Titles begin with the names of sources.
    """
    with_selections = dict(scored)
    for title, (items, scores) in scored.items():
        name = title.split(",")[0]
        if name not in sources:
            continue
        for view, places in views(items, sources[name].about).items():
            selected = [items[n] for n in places], scores[places]
            with_selections[title.replace(name, f"{name}, {view}", 1)] = selected
    return with_selections


def _scored(
    run: MultiSourceRun, parts: Mapping[str, list[Item]], data: Path, cache: Path | None
) -> dict[str, tuple[list[Item], Scores]]:
    network, recipe = run.network(), run.recipe()
    scored = {}
    for name, items in parts.items():
        crops = Crops.read(items, data, recipe.image_size, cache, recipe.crop)
        scored[name] = items, predict.probabilities(predict.logits(network, crops.images))
    return scored


def _auc_blanked(run: MultiSourceRun, data: Path, cache: Path | None) -> float | None:
    recipe = run.recipe()
    if not recipe.crop:
        return None
    crops = Crops.read(read_source(covid_ct.SOURCE, data).val, data, recipe.image_size, cache)
    images = np.stack([lungs_blanked(*pair) for pair in zip(crops.images, crops.lungs, strict=True)])
    scores = predict.probabilities(predict.logits(run.network(), images))
    return auc([item.label for item in crops.items], scores)
