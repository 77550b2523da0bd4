"""Whether the network is right for the right reasons, and what its parameters are worth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from train.networks.light_cnn import LightCNN
from train.paper import published
from train.report.markdown import number, ranged, table
from train.report.multi_source import targets
from train.report.multi_source.trainings import (
    DEFAULT,
    NOT_MEASURED,
    TITLES,
    Evaluation,
    by_seed,
    mean,
    not_measured,
    runs,
)
from train.report.paper.findings import ALTERATIONS
from train.run import Run, read_json

NETWORKS = {"default": DEFAULT, "CNN-1": "cnn1", "CNN-2": "cnn2"}
EFFICIENCY = ("", "seed", "sensitivity %", "specificity", "parameters, millions", "sensitivity ÷ parameters")


def evidence(folder: Path) -> str:
    """AUC when a part of the slice is gone, and the share of the evidence that lies in the lungs."""
    measured = {network: _measured(folder, name) for network, name in NETWORKS.items()}
    rows = [
        [source, network, seed, *_cells(sources[key])]
        for key, source in TITLES.items()
        for network, seeds in measured.items()
        for seed, sources in seeds.items()
        if key in sources
    ]
    if not rows:
        return NOT_MEASURED
    blanked = [f"≤ {targets.BLANKED:.2f}" if key == "lungs_blanked" else None for key in ALTERATIONS]
    target = [TITLES["covid-ct"], "target", None, None, *blanked, None, None]
    head = ["source", "network", "seed", "slices", *(f"AUC, {title}" for title in ALTERATIONS.values())]
    return table([*head, "evidence in the lungs", "the lungs' share of the picture"], [target, *rows])


def _measured(folder: Path, name: str) -> dict[int, dict[str, Evaluation]]:
    """What `multi-source evidence` measured of a network, source by source, by seed."""
    paths = (folder / name, *folder.glob(f"{name}-seed-*"))
    files = [file for path in paths if (file := path / "across-evidence.json").exists()]
    return dict(sorted((_seed(file.parent), read_json(file)["sources"]) for file in files))


def _seed(path: Path) -> int:
    if (path / "recipe.json").exists():
        return int(read_json(path / "recipe.json")["recipe"]["seed"])
    return Run(path).settings().seed


def _cells(measured: Evaluation) -> list[Any]:
    covid, aucs = measured["in_lungs"]["covid"], [measured["auc"][key] for key in ALTERATIONS]
    return [
        measured["images"] - measured["without_lungs"],
        *(ranged(a["auc"], a["interval"]) if a["auc"] is not None else None for a in aucs),
        ranged(covid["share"], covid["interval"]) if covid["share"] is not None else None,
        number(covid["area"]),
    ]


def efficiency(folder: Path) -> str:
    """Sensitivity on COVID-CT's test part for each million of parameters, beside the paper's Table 7."""
    name = "the paper's CNN-2"
    sensitivity, millions, ratio = published.TABLE_7[name]
    specificity = number(published.TABLE_5["CNN-2"][2])
    target = ["target", "", "", f"≥ {targets.SPECIFICITY}", "", f"≥ {targets.PER_MILLION}"]
    rows: list[list[Any]] = [[name, "", sensitivity, specificity, millions, ratio], target]
    return table(EFFICIENCY, [*rows, *(_ours(folder) or [not_measured(EFFICIENCY)])])


def _ours(folder: Path) -> list[list[Any]]:
    evaluations, rows = by_seed(folder, DEFAULT, "covid-ct"), []
    if not evaluations:
        return []
    groups = runs(folder, DEFAULT)[0].recipe().upsample_groups
    millions = sum(p.numel() for p in LightCNN(upsample_groups=groups).parameters()) / 1e6
    size = f"{millions:.3f}"
    for seed, evaluation in evaluations:
        metrics, intervals = evaluation["metrics"], evaluation["intervals"]
        per_cent = 100 * metrics["sensitivity"]
        ends = [100 * end for end in intervals["sensitivity"] or ()]
        specificity = ranged(metrics["specificity"], intervals["specificity"])
        ratio = ranged(per_cent / millions, [end / millions for end in ends], 1)
        rows.append(["ours", seed, ranged(per_cent, ends, 1), specificity, size, ratio])
    per_cent = 100 * mean(evaluations, "sensitivity")
    specificity = number(mean(evaluations, "specificity"))
    cells = [number(per_cent, 1), specificity, size, number(per_cent / millions, 1)]
    return [*rows, ["**ours**", f"mean of {len(evaluations)}", *cells]]
