"""The paper's tables beside ours, from run files alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from edgect.statistics.metrics import FIVE
from train.data import sirm
from train.data.augmentation import FACTOR
from train.data.covid_ct import COVID
from train.paper import published
from train.paper.experiments import EXPERIMENTS
from train.paper.search.record import Search
from train.report.markdown import number, ranged, small, table
from train.run import Run

NETWORKS = {"CNN-1": "cnn1", "CNN-2": "cnn2"}


def runs(folder: Path, name: str) -> list[Run]:
    """The finished runs `name`, `name-seed-1`, `name-seed-2`, ... in the order of their seeds."""
    candidates = [Run(folder / name), *(Run(path) for path in folder.glob(f"{name}-seed-*"))]
    finished = [run for run in candidates if (run.path / "run.json").exists() and "selected" in run.record()]
    return sorted(finished, key=lambda run: run.settings().seed)


def reading(run: Run, part: str) -> dict[str, Any] | None:
    """The first reading of a part that `train test` made (before there were parts: of Test-1)."""
    of: Literal["test", "validation"] = "validation" if part.startswith("validation") else "test"
    readings = [r for r in run.readings(of) if r["by"] == "train test" and r.get("part", "test-1") == part]
    return readings[0] if readings else None


def arrangement(run: Run, paper_counts: Mapping[str, tuple[int, int, int]]) -> str:
    """Tables 1 and 2: the paper's counts and those of a run's split."""
    split = run.arrangement()
    parts = {"Train": split.train, "Validation": split.val, "Test-1": split.test}
    rows = []
    for name, in_paper in paper_counts.items():
        items = parts.get(name)
        if items is None:  # Test-2, which is no part of the split: SIRM with Test-1's negatives
            negatives = sum(item.label != COVID for item in split.test)
            ours = (sirm.COUNT, negatives, sirm.COUNT + negatives)
        else:
            counts = Counter(item.label for item in items)
            ours = (counts[1], counts[0], len(items) * (FACTOR if name == "Train" else 1))
        rows.append([name, *(f"{a} / {b}" for a, b in zip(in_paper, ours, strict=True))])
    return table(["paper / ours", "COVID-19", "not COVID-19", "total, training ×4"], rows)


def searches(folder: Path, number_of: int) -> dict[str, Search]:
    """The searches on one arrangement of which an attempt is on record, by experiment."""
    root = folder / "search"
    candidates = {e: Search(root / f"experiment-{e}-arrangement-{number_of}") for e in EXPERIMENTS}
    return {experiment: search for experiment, search in candidates.items() if search.attempts()}


def search(folder: Path, number_of: int, paper_rows: Mapping[str, Sequence[float]]) -> str:
    """Tables 3 and 4: every search on one arrangement."""
    rows: list[list[Any]] = []
    by_experiment = searches(folder, number_of)
    for experiment in EXPERIMENTS:
        if experiment in paper_rows:
            observed_in_paper, estimated, *at = paper_rows[experiment]
            cells = [number(observed_in_paper), number(estimated), *map(small, at)]
            rows.append([experiment, "paper", *cells, "30 × 20 epochs, 227 px"])
        if record := by_experiment.get(experiment):
            best, size = record.best(), record.description()
            budget = f"{len(record.attempts())} × {size['epochs']} epochs, {size['image_size']} px"
            point = [small(best[name]) for name in ("learning_rate", "momentum", "l2")]
            interval = record.interval()
            observed = ranged(best["accuracy"], interval) if interval else number(best["accuracy"])
            cells = [observed, number(record.estimated()), *point]
            rows.append([experiment, "**ours**", *cells, budget])
    return table(
        ["Exp.", "", "Obs. Acc. (95 % interval)", "Est. Acc.", "Learn. rate", "Mom.", "L2", "budget"], rows
    )


def final(folder: Path, part: str = "test-1", prefix: str = "") -> str:
    """Table 5, or CNN-1 on Test-2: every seed, the mean over seeds, and the paper."""
    head = ["", "seed", "accuracy (95 % interval)", *(name for name in FIVE[1:]), "AUC (95 % interval)"]
    rows: list[list[Any]] = []
    for title, name in NETWORKS.items():
        results = [(run, reading(run, part)) for run in runs(folder / prefix, name)]
        readings = [(run, result) for run, result in results if result]
        if not readings:
            continue
        paper_row = published.TEST_2 if part == "test-2" else published.TABLE_5[title]
        rows.append([f"{title}, paper", "", *map(number, paper_row), ""])
        for run, result in readings:
            metrics, intervals = result["metrics"], result["intervals"]
            rows.append(
                [
                    f"{title}, ours",
                    run.settings().seed,
                    ranged(metrics["accuracy"], intervals["accuracy"]),
                    *(number(metrics[metric]) for metric in FIVE[1:]),
                    ranged(metrics["auc"], intervals["auc"]),
                ]
            )
        means = [np.mean([result["metrics"][m] for _, result in readings]) for m in (*FIVE, "auc")]
        rows.append([f"{title}, ours", "mean", *map(number, means)])
    return table(head, rows)


def protocol(folder: Path) -> str:
    """The paper's protocol to the letter, with its own hyper-parameters, on validation."""
    rows = []
    for title, name in NETWORKS.items():
        for run in runs(folder / "protocol", name):
            chosen, settings = run.record()["selected"], run.settings()
            point = [small(getattr(settings, key)) for key in ("learning_rate", "momentum", "l2")]
            cells = [_kept_accuracy(run), number(chosen["val_auc"])]
            rows.append([title, settings.seed, *point, f"{settings.image_size} px", *cells])
    head = ["", "seed", "learn. rate", "mom.", "L2", "size", "validation accuracy (95 % interval)", "AUC"]
    return table(head, rows)


def validation(folder: Path) -> str:
    """CNN-1 and CNN-2 on the validation parts of both arrangements: what the default is chosen by."""
    rows = []
    for title, name in NETWORKS.items():
        for run in runs(folder, name):
            readings = [reading(run, f"validation-{n}") for n in (1, 2)]
            cells = [
                ranged(result["metrics"][metric], result["intervals"][metric]) if result else None
                for result in readings
                for metric in ("accuracy", "auc")
            ]
            selected = run.record()["selected"]["epoch"]
            rows.append(
                [title, run.settings().seed, f"{selected:.0f} of {run.settings().all_epochs}", *cells]
            )
    head = ["", "seed", "epoch kept", "accuracy, arr. 1", "AUC, arr. 1", "accuracy, arr. 2", "AUC, arr. 2"]
    return table(head, rows)


def augmentation(folder: Path) -> str:
    """The proposed CNN with and without the paper's augmentation, on validation."""
    rows = []
    for title, name in {"with ×4": "protocol/cnn1", "without": "unaugmented/cnn1"}.items():
        for run in runs(folder / Path(name).parent, Path(name).name):
            chosen, settings = run.record()["selected"], run.settings()
            cells = [_kept_accuracy(run), *(number(chosen[key]) for key in ("val_auc", "val_loss"))]
            rows.append([title, settings.seed, f"{chosen['epoch']:.0f} of {settings.all_epochs}", *cells])
    head = ["augmentation", "seed", "epoch kept", "validation accuracy (95 % interval)", "AUC", "loss"]
    return table(head, rows)


def previous_works(folder: Path) -> str:
    """Table 6: figures as printed by the paper, and our CNN-2's means over seeds."""
    rows: list[list[Any]] = [[name, *figures] for name, figures in published.TABLE_6.items()]
    means = _means(folder, "cnn2")
    if means:
        per_cent = [f"{100 * means[name]:.1f}" for name in FIVE[:4]]
        rows.append(["**edgect's CNN-2**", "no", *per_cent, number(means["f1"], 4)])
    return table(
        ["", "pre-processing", "accuracy %", "sensitivity %", "specificity %", "precision %", "F1"], rows
    )


def efficiency(folder: Path, parameters: int) -> str:
    """Table 7: sensitivity for each million of parameters."""
    rows: list[list[Any]] = [[name, *figures] for name, figures in published.TABLE_7.items()]
    means, millions = _means(folder, "cnn2"), parameters / 1e6
    if means:
        sensitivity = 100 * means["sensitivity"]
        cells = [f"{sensitivity:.1f}", f"{millions:.2f}", f"{sensitivity / millions:.2f}"]
        rows.append(["**edgect's CNN-2**", *cells])
    return table(["", "sensitivity %", "parameters, millions", "sensitivity ÷ parameters"], rows)


def _kept_accuracy(run: Run) -> str:
    """The kept epoch's accuracy on validation, with its interval where `train test` has read the part."""
    result = reading(run, f"validation-{run.settings().arrangement}")
    if result is None:
        return number(run.record()["selected"]["val_accuracy"])
    return ranged(result["metrics"]["accuracy"], result["intervals"]["accuracy"])


def _means(folder: Path, name: str) -> dict[str, float]:
    readings = [r for run in runs(folder, name) if (r := reading(run, "test-1"))]
    return {m: float(np.mean([r["metrics"][m] for r in readings])) for m in FIVE} if readings else {}
