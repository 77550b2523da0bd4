"""The default network on every source, and other networks on sources that they were not trained on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from train.multi_source.evaluation import TEST_2
from train.paper import published
from train.report.markdown import number, ranged, table
from train.report.multi_source import targets
from train.report.multi_source.trainings import (
    ALONE,
    ARMS,
    DEFAULT,
    EVERYTHING,
    LEFT_OUT,
    METRIC_COLUMNS,
    SEVERE,
    TITLES,
    WHOLE,
    as_trained,
    by_seed,
    mean,
    not_measured,
    runs,
    seed_rows,
    table_or_not,
    validations,
)
from train.run import read_json

PARTS = {"all parts": WHOLE, "test part": ""}
FOREST = {
    "all": "a random forest that sees no lung (`train probe`): facts about files, border, text, grey levels",
    "border + grey levels": "the same, border and grey levels alone",
}
OTHERS = ("", "slices", "accuracy", "F1", "AUC")


def trainings(folder: Path) -> str:
    """What each network was trained on, and the threshold that validation chose."""
    left_out = {f"without {TITLES[source]}": name for source, name in LEFT_OUT.items()}
    names = {
        "default": DEFAULT,
        **left_out,
        "COVID-CT alone": ALONE,
        "ablation, everything": ARMS[EVERYTHING],
    }
    rows = []
    for title, name in names.items():
        for run in runs(folder, name):
            recipe = run.recipe()
            sources = ", ".join(TITLES[n] for n, weight in recipe.sources.items() if weight > 0)
            size, steps = "{} × {}".format(*recipe.image_size), f"{recipe.steps} × {recipe.batch_size}"
            rows.append([title, recipe.seed, sources, steps, size, recipe.precision, as_trained(run)])
    head = ["training", "seed", "sources", "steps × slices", "pixels", "precision", "threshold"]
    return table_or_not(head, rows)


def ensemble(folder: Path) -> str:
    """Members of a teacher, their mean and its student: AUC by last layers that do not know the source."""
    judged = _judged(folder)
    names = list(dict.fromkeys(name for own in judged.values() for name in own["auc"]))
    rows = [
        [network, number(own["hospitals"]), *(number(own["auc"][name]) for name in names)]
        for network, own in judged.items()
    ]
    return table_or_not(["network", "mean of hospitals", *(TITLES.get(n, n) for n in names)], rows)


def ensemble_called(folder: Path) -> str:
    """The same networks: share of slices without COVID-19 that are called."""
    judged = _judged(folder)
    names = list(dict.fromkeys(name for own in judged.values() for name in own["called"]))
    rows = [[network, *(number(own["called"][name]) for name in names)] for network, own in judged.items()]
    return table_or_not(["network", *(TITLES.get(name, name) for name in names)], rows)


def pooling(folder: Path) -> str:
    """Trainings that differ in how the last maps are pooled: AUC by source."""
    file = folder / "pooling.json"
    trained = read_json(file)["trainings"] if file.exists() else []
    names = list(dict.fromkeys(name for own in trained for name in own["auc"]))
    rows = [
        [own["pooling"], own["last_layer"], *(number(own["auc"][name]) for name in names)] for own in trained
    ]
    return table_or_not(["pooling", "last layer", *(TITLES.get(name, name) for name in names)], rows)


def _judged(folder: Path) -> dict[str, Any]:
    """What `multi-source ensemble` wrote."""
    file = folder / "ensemble.json"
    return read_json(file) if file.exists() else {}


def default(folder: Path) -> str:
    """The default network on the test part of each source."""
    rows = [row for key, title in TITLES.items() for row in seed_rows(folder, DEFAULT, key, [title])]
    return table_or_not(["source", *METRIC_COLUMNS], rows)


def compared_with_others(folder: Path) -> str:
    """COVID-CT's test part: others' figures, the forest's, the target, and ours."""
    rows: list[list[Any]] = [
        [name, slices, *map(number, figures)] for name, (slices, *figures) in targets.COVID_CT.items()
    ]
    target = ["target, mean of three seeds", "", f"≥ {targets.ACCURACY:.2f}", "", f"≥ {targets.AUC:.2f}"]
    evaluations = by_seed(folder, DEFAULT, "covid-ct")
    ours = not_measured(OTHERS)
    if evaluations:
        means = [number(mean(evaluations, metric)) for metric in ("accuracy", "f1", "auc")]
        ours = [f"**ours**, mean of {len(evaluations)}", evaluations[0][1]["images"], *means]
    return table(OTHERS, [*rows, *_forest(folder), target, ours])


def _forest(folder: Path) -> list[list[Any]]:
    """The forest of `train probe` on Test-1, which is cut to the paper's counts."""
    path = folder / "probe.json"
    if not path.exists():
        return []
    test = read_json(path)["test"]
    results = [(title, test["results"][key]) for key, title in FOREST.items() if key in test["results"]]
    return [
        [title, test["images"], _ranged(result["accuracy"]), None, _ranged(result["auc"])]
        for title, result in results
    ]


def _ranged(metric: dict[str, Any]) -> str:
    return ranged(metric["value"], metric["interval"])


def left_out(folder: Path) -> str:
    """Each source by the network that was trained without it: the whole of it, and its test part."""
    rows = []
    for source, name in LEFT_OUT.items():
        for key in (source, SEVERE) if source == "mosmed" else (source,):
            for part, ending in PARTS.items():
                rows += seed_rows(folder, name, f"{key}{ending}", [TITLES[key], part])
    return table_or_not(["left out", "part", *METRIC_COLUMNS], rows)


def left_out_means(folder: Path) -> str:
    """Mean AUC over the three sources, and SARS-CoV-2-CT's accuracy, beside target and field."""
    seeds = sorted({seed for name in LEFT_OUT.values() for seed in validations(folder, name)})
    measures = (_mean_auc, _sars_accuracy)
    values_by_seed = {
        seed: [measure(folder, seed, end) for measure in measures for end in PARTS.values()] for seed in seeds
    }
    columns = list(zip(*values_by_seed.values(), strict=True))
    means = [number(np.mean(c)) if all(v is not None for v in c) else "" for c in columns]
    head = ["", *(f"{what}, {part}" for what in ("mean AUC", "SARS-CoV-2-CT accuracy") for part in PARTS)]
    ours = [f"**ours**, mean of {len(seeds)}", *means] if seeds else not_measured(head)
    field_row = ["the field", "", "", number(targets.SARS_LEFT_OUT, 2), ""]
    target = ["target", f"≥ {targets.AUC_LEFT_OUT:.2f}", "", f"≥ {targets.SARS_ACCURACY:.2f}", ""]
    rows = [[f"ours, seed {seed}", *map(number, values)] for seed, values in values_by_seed.items()]
    return table(head, [field_row, target, *rows, ours])


def _mean_auc(folder: Path, seed: int, ending: str) -> float | None:
    """Over the three sources, MosMed without CT-1; None unless all three were read with this seed."""
    keys = {source: SEVERE if source == "mosmed" else source for source in LEFT_OUT}
    evaluations = [dict(by_seed(folder, LEFT_OUT[s], f"{key}{ending}")).get(seed) for s, key in keys.items()]
    aucs = [evaluation["metrics"]["auc"] for evaluation in evaluations if evaluation]
    return float(np.mean(aucs)) if len(aucs) == len(keys) else None


def _sars_accuracy(folder: Path, seed: int, ending: str) -> float | None:
    evaluation = dict(by_seed(folder, LEFT_OUT["sars-cov-2-ct"], f"sars-cov-2-ct{ending}")).get(seed)
    return float(evaluation["metrics"]["accuracy"]) if evaluation else None


def alone(folder: Path) -> str:
    """The network trained on COVID-CT alone: its test part, the paper's Test-2, the other sources."""
    test_2 = ["Test-2", "SIRM with Test-1's others"]
    accuracy, sensitivity = map(number, published.TEST_2[:2])
    slices = published.TABLE_1["Test-2"][2]
    others = [
        row
        for key, title in TITLES.items()
        for row in seed_rows(folder, ALONE, f"{key}{WHOLE}", [title, "all parts"])
    ]
    rows = [
        *seed_rows(folder, ALONE, "covid-ct", ["COVID-CT", "test part"]),
        [*test_2, "the paper's CNN-1", slices, None, accuracy, sensitivity, None, None],
        [*test_2, "target", None, None, f"≥ {targets.TEST_2:.2f}", None, None, None],
        *seed_rows(folder, ALONE, TEST_2, test_2),
        *others,
    ]
    head = ["on", "part", *METRIC_COLUMNS]
    return table(head, rows if len(rows) > 2 else [*rows, not_measured(head)])
