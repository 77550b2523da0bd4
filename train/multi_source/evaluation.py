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
from train.data.arrangements import arrangement, second_test
from train.data.covid_ct import COVID, NOT_COVID, Item
from train.data.occlusion import lungs_blanked
from train.data.sources import MILD, PARTS, SOURCES
from train.multi_source.crops import Crops
from train.multi_source.run import TEST_READING, MultiSourceRun
from train.networks import predict
from train.run import write_json

Scores = NDArray[np.float64]
SEVERE = "mosmed, CT-0 against CT-2 to CT-4"
TEST_2 = "test-2"  # the paper's: SIRM's slices, and those without COVID-19 of its Test-1


def validate(run: MultiSourceRun, data: Path, cache: Path | None = None) -> dict[str, Any]:
    """Choose the threshold on the validation parts of the training's sources, and say how it does there.

    `elsewhere`: on the training and validation parts of those sources in `data` that were left out,
    by which recipes may be compared; their test parts are not read. `blanked`: AUC on COVID-CT's validation
    part with the lungs blanked out.
    """
    trained_on = [name for name, weight in run.recipe().sources.items() if weight > 0]
    scored = _scored(run, {name: SOURCES[name](data).val for name in trained_on}, data, cache)
    threshold = balanced_threshold(list(scored.values()))
    report = {name: evaluate_items(*pair, threshold) for name, pair in with_severe(scored).items()}
    left_out_names = [name for name in SOURCES if name not in run.recipe().sources and (data / name).is_dir()]
    left_out = {name: SOURCES[name](data) for name in left_out_names}
    scored_elsewhere = _scored(
        run, {n: source.train + source.val for n, source in left_out.items()}, data, cache
    )
    content = {
        "threshold": threshold,
        "sources": report,
        "elsewhere": {
            n: evaluate_items(*pair, threshold) for n, pair in with_severe(scored_elsewhere).items()
        },
        "blanked": _auc_blanked(run, data, cache) if "covid-ct" in trained_on else None,
    }
    write_json(run.validation_file, content)
    return content


def evaluate_test_parts(run: MultiSourceRun, data: Path, cache: Path | None = None) -> dict[str, Any]:
    """Read the test parts of all sources once; a source left out of training is read as a whole, too."""
    sources = {name: make(data) for name, make in SOURCES.items()}
    parts = {name: source.test for name, source in sources.items()}
    for name, source in sources.items():
        if name not in run.recipe().sources:
            parts[f"{name}, all parts"] = [item for part in PARTS for item in source.part(part)]
    if "sirm" not in run.recipe().sources:
        parts[TEST_2] = second_test(arrangement(1, data), data)
    threshold = run.threshold()
    scored = with_severe(_scored(run, parts, data, cache))
    reading = {
        "by": TEST_READING,
        "part": "test",
        "threshold": threshold,
        "sources": {name: evaluate_items(*pair, threshold) for name, pair in scored.items()},
    }
    run.write_reading("test", reading)
    return reading


def balanced_threshold(scored: Sequence[tuple[Sequence[Item], Scores]]) -> float:
    """Where the mean over sources of sensitivity plus specificity is largest; the middle of the best.

    Sources with one class count for what they have.
    """
    grid = np.linspace(0.05, 0.95, 181)
    total = np.zeros_like(grid)
    for items, scores in scored:
        labels = np.array([item.label for item in items])
        positive, negative = scores[labels == COVID], scores[labels == NOT_COVID]
        if len(positive):
            total += (positive[:, None] >= grid).mean(0)
        if len(negative):
            total += (negative[:, None] < grid).mean(0)
    best = grid[total >= total.max() - 1e-9]
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


def with_severe(scored: Mapping[str, tuple[list[Item], Scores]]) -> dict[str, tuple[list[Item], Scores]]:
    """MosMed once more without CT-1, whose slices may show nothing."""
    with_severe_cases = dict(scored)
    for name, (items, scores) in scored.items():
        if name.startswith("mosmed"):
            places = [n for n, item in enumerate(items) if MILD not in item.path]
            title = name.replace("mosmed", SEVERE, 1)
            with_severe_cases[title] = [items[n] for n in places], scores[places]
    return with_severe_cases


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
    crops = Crops.read(SOURCES["covid-ct"](data).val, data, recipe.image_size, cache)
    images = np.stack([lungs_blanked(*pair) for pair in zip(crops.images, crops.lungs, strict=True)])
    scores = predict.probabilities(predict.logits(run.network(), images))
    return auc([item.label for item in crops.items], scores)
