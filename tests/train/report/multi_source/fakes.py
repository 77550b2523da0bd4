"""Run folders as `train multi-source` leaves them, of invented answers and without weights."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from train.data.covid_ct import Item
from train.data.sources import RECORDED, released
from train.multi_source import evaluation
from train.multi_source.evaluation import TEST_2
from train.multi_source.recipe import PARTS_OF_RECIPE, Recipe
from train.multi_source.run import MultiSourceRun
from train.report.multi_source.trainings import SEVERE
from train.run import read_json, write_json

SEEDS = (0, 1, 2)
FORMER_SEED = 3
GROUPS = 4  # of the transposed convolution; no default, so that it must be read
LEFT_OUT = ("covid-ct", "sars-cov-2-ct", "mosmed")
# COVID-19 and not, in training, validation and test part; of MosMed's COVID-19 the first are CT-1
SLICES = {
    "covid-ct": ((191, 234), (60, 58), (98, 105)),
    "sars-cov-2-ct": ((510, 500), (170, 160), (180, 176)),
    "mosmed": ((265, 69), (89, 23), (91, 24)),
    "luna-slices": ((0, 300), (0, 100), (0, 100)),
    "sirm": ((56, 0), (16, 0), (18, 0)),
}
MILDLY = {(265, 69): 212, (89, 23): 71, (91, 24): 71}
PARTS = ("train", "val", "test")


def write(runs: Path) -> Path:
    """All trainings that train/ACROSS.md is about, three seeds each, of the ablation two."""
    everything = released()
    for seed in SEEDS:
        _run(runs / ("lungs" if seed == 0 else f"lungs-seed-{seed}"), everything, seed)
        for source in LEFT_OUT:
            rest = {name: weight for name, weight in everything.items() if name != source}
            _run(runs / f"across/without-{source}-seed-{seed}", rest, seed)
        _run(runs / f"across/covid-ct-only-seed-{seed}", {"covid-ct": 1.0}, seed)
    rest = {name: weight for name, weight in everything.items() if name != "sars-cov-2-ct"}
    for arm in ("everything", *(f"without-{part.replace(' ', '-')}" for part in PARTS_OF_RECIPE)):
        for seed in SEEDS[:2]:
            _run(runs / f"across/ablation/{arm}-seed-{seed}", rest, seed, crop=arm != "without-lung-crop")
    for network in ("lungs", "cnn1", "cnn2"):
        (runs / network).mkdir(exist_ok=True)
        write_json(runs / network / "across-evidence.json", evidence())
    for network in ("cnn1", "cnn2"):
        write_json(runs / network / "run.json", {"settings": {"seed": 0}})
    _fit_last_layer(MultiSourceRun(runs / "lungs"))
    trunk = {"left_out": "MosMed", "seed": 1, "steps": "800", "recipe": "plain", "as_trained": 0.7}
    fitted = {"fitted": 0.75, "sfax_as_trained": 0.6, "sfax_fitted": None}
    write_json(runs / "last-layer-left-out.json", {"trunks": [{**trunk, **fitted}]})
    _ablate_last_layer(runs)
    for source in LEFT_OUT:
        for seed in SEEDS[1:]:
            _follow(runs / f"across/trajectories/without-{source}-seed-{seed}", source, seed)
            for name, gain in (("recipe", 0.0), ("attention", 0.03)):
                for folder in ("variants", "variants-at-size"):
                    path = runs / f"across/{folder}/{name}-without-{source}-seed-{seed}"
                    _follow(path, source, seed, gain)
    by_layer = {layer: {SEVERE: 0.8, "mosmed": 0.7} for layer in ("as trained", "fitted to the others")}
    taught = {
        "left_out": ["mosmed"],
        "members": ["a", "b"],
        "auc": dict.fromkeys(("a", "b", "c", "mean"), by_layer),
    }
    write_json(runs / "across/variants/teachers-without-mosmed.json", taught)
    _run(runs / "former/lungs", everything, FORMER_SEED)
    _fit_last_layer(MultiSourceRun(runs / "former/lungs"))
    for source in LEFT_OUT:
        rest = {name: weight for name, weight in everything.items() if name != source}
        _run(runs / f"former/across/without-{source}-seed-{FORMER_SEED}", rest, FORMER_SEED)
    figures = {"hospitals": 0.8, "auc": {"mosmed": 0.79, "sfax": 0.81}, "called": {"osic": 0.25}}
    write_json(runs / "ensemble.json", {"lungs": figures, "mean": {**figures, "hospitals": 0.82}})
    pooled = {"pooling": "mean", "last_layer": "as trained", "auc": {"mosmed": 0.7}}
    write_json(runs / "pooling.json", {"trainings": [pooled, {**pooled, "pooling": "attention"}]})
    return runs


def _fit_last_layer(run: MultiSourceRun) -> None:
    """As `multi-source head` does, and test parts read once more."""
    tried = [
        {"strength": strength, "mean_auc": area, "sources": {"mosmed": {"auc": area, "log_loss": 0.6}}}
        for strength, area in ((0.0, 0.71), (0.03, 0.76))
    ]
    write_json(run.head_file, {"strength": 0.03, "slices": {"mosmed": 112}, "left_out": tried})
    first = run.readings("test")[0]
    run.write_reading(
        "test", {**first, "threshold": 0.6, "sources": evaluations(dict.fromkeys(SLICES, ("test",)), 7)}
    )


def _ablate_last_layer(runs: Path) -> None:
    """As `multi-source head-ablation` does, of two trunks."""
    fitted = {"hospitals": 0.8, "auc": {"mosmed": 0.79}, "called": {"osic": 0.25}}
    less = {"hospitals": 0.7, "auc": {"mosmed": 0.69}, "called": {"osic": 0.5}}
    title = "without mosmed in the fit"
    trunks = [
        {"trunk": "lungs", "arms": {"fitted": fitted, title: less}},
        {"trunk": "other", "arms": {"fitted": fitted, title: fitted}},
    ]
    write_json(runs / "last-layer-ablation.json", {"strength": 0.03, "trunks": trunks})


def _follow(path: Path, left_out: str, seed: int, gain: float = 0.0) -> None:
    """As `multi-source trajectory` does."""
    rest = {name: weight for name, weight in released().items() if name != left_out}
    run = MultiSourceRun(path)
    run.begin_multi_source(Recipe(sources=rest, seed=seed), 0.5, 0.25, {}, {})
    along = []
    for steps in (200, 400):
        area = 0.6 + gain + (0.1 if steps == 400 else 0.0) - (0.02 if seed == 2 else 0.0)
        areas = {left_out: area, SEVERE: area + 0.03, "sfax": 0.5}
        for averaging in ("none", "exponential", "dense")[: 3 if steps == 400 else 2]:
            for layer in ("as trained", "fitted to the others"):
                along.append({"steps": steps, "averaging": averaging, "last_layer": layer, "auc": areas})
    write_json(run.trajectory_file, {"left_out": [left_out], "along": along})


def _run(path: Path, sources: dict[str, float], seed: int, crop: bool = True) -> None:
    run = MultiSourceRun(path)
    recorded = read_json(RECORDED)
    recipe = Recipe(sources=sources, seed=seed, crop=crop, upsample_groups=GROUPS)
    run.begin_multi_source(recipe, 0.5, 0.25, {name: recorded[name] for name in sources}, {})
    drawn = [name for name, weight in sources.items() if weight > 0]
    left_out = [name for name in SLICES if name not in sources]
    content = {
        "threshold": 0.5,
        "sources": evaluations(dict.fromkeys(drawn, ("val",)), seed),
        "elsewhere": evaluations(dict.fromkeys(left_out, ("train", "val")), seed),
        "blanked": 0.6 + seed / 100 if crop and "covid-ct" in drawn else None,
    }
    write_json(run.validation_file, content)
    if "ablation" not in path.parts:
        write_reading(run, left_out, seed)


def write_reading(run: MultiSourceRun, left_out: list[str], seed: int) -> None:
    """What `evaluate_test_parts` writes down."""
    parts = evaluations(dict.fromkeys(SLICES, ("test",)), seed)
    parts |= {
        f"{name}, all parts": content
        for name, content in evaluations(dict.fromkeys(left_out, PARTS), seed).items()
    }
    if "sirm" in left_out:
        parts[TEST_2] = evaluation_of((98, 95), seed)
    run.write_reading("test", {"by": "train across test", "part": "test", "threshold": 0.5, "sources": parts})


def evaluations(parts: dict[str, tuple[str, ...]], seed: int) -> dict[str, Any]:
    """`evaluate_items` of the parts of each source taken together, and SEVERE."""
    both = {}
    for name, chosen in parts.items():
        counts = [SLICES[name][PARTS.index(part)] for part in chosen]
        both[name] = evaluation_of((sum(c for c, _ in counts), sum(n for _, n in counts)), seed)
        if name == "mosmed":
            both[SEVERE] = evaluation_of(
                (sum(c - MILDLY[c, n] for c, n in counts), sum(n for _, n in counts)), seed
            )
    return both


@cache
def evaluation_of(counts: tuple[int, int], seed: int) -> dict[str, Any]:
    """`evaluate_items` of so many slices with COVID-19 and without, two of each patient."""
    labels = [1] * counts[0] + [0] * counts[1]
    items = [Item(f"{n}.png", label, f"{label} {n // 2}") for n, label in enumerate(labels)]
    rng = np.random.default_rng([seed, *counts])
    scores = np.clip(0.5 + 0.2 * (np.array(labels) - 0.5) + 0.12 * rng.standard_normal(len(items)), 0, 1)
    return evaluation.evaluate_items(items, scores, 0.5)


def evidence() -> dict[str, Any]:
    """What `measure_source_evidence` leaves in across-evidence.json."""
    known = {"auc": 0.875, "interval": [0.75, 0.9375]}
    unknown = {"auc": None, "interval": None}
    names = ("as_is", "border_and_text_removed", "only_lungs", "lungs_blanked")
    covid = {"share": 0.7, "interval": [0.6, 0.8], "area": 0.4, "slices": 9, "without_evidence": 0}
    sources = {
        name: {
            "images": 20,
            "without_lungs": 3,
            "in_lungs": {"covid": covid},
            "auc": dict.fromkeys(names, unknown if name == "sirm" else known),
        }
        for name in ("covid-ct", "sars-cov-2-ct", "mosmed", "sirm")
    }
    return {"part": "test", "sources": sources}
