"""What COVID-CT gives away without a lung being looked at: a forest on facts about files and grey levels.

The two classes were copied out of different publications, and went different ways into a file. What
can be scored by that alone, a network's score may owe to it too: Maguolo and Nanni
(arXiv 2004.12823) found as much for X-ray images with the lungs blanked. A network sees pixels and
no file facts, so `border + grey levels` is the comparison with one; the grey levels are
the whole slice's, lungs included, without their places, and so not quite free of disease.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from tqdm import tqdm

from edgect.errors import ScanError
from edgect.scans.formats import PICTURES
from edgect.statistics.metrics import evaluate, intervals
from train.analysis.shortcut_features import GROUPS, Row, features
from train.data.arrangements import Arrangement
from train.data.covid_ct import CLASSES, DataError, Item

TREES = 500
TOP_FEATURES = 10
PIXELS_ONLY = ("border", "grey levels")


def probe(
    split: Arrangement,
    data: Path,
    part: Literal["val", "test"],
    groups: Sequence[str] | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Train a forest of 500 trees on the training part's features, and evaluate it on `part`.

    groups: names out of GROUPS, all of them by default. The answer is ready for JSON, and the same
    for the same seed:
    - `results`: for these groups together (`all`), each alone, and `border + grey levels`, the
      accuracy at probability 0.5 and the AUC with their 95 % intervals by patient;
    - `telling`: ten features of `all` with the largest mean decrease in Gini impurity (Breiman
      2001; shares of 1), a matter of the training part alone;
    - `files`: of each class in the training part and in `part`, counted by format and by channels.
    Raises DataError for an unreadable file, ValueError for an unknown group or none at all.
    """
    chosen = tuple(GROUPS if groups is None else groups)
    if not chosen or not set(chosen) <= GROUPS.keys():
        raise ValueError(f"groups must be some of {', '.join(GROUPS)}, not {', '.join(chosen) or 'none'}")
    sets = {"all": chosen, **{group: (group,) for group in chosen}}
    if set(PIXELS_ONLY) <= set(chosen):
        sets[" + ".join(PIXELS_ONLY)] = PIXELS_ONLY
    train_items, eval_items = split.train, split.part(part)
    train_rows, eval_rows = _read(train_items, data), _read(eval_items, data)
    patients = [item.patient for item in eval_items]
    results, importances = {}, {}
    for title, members in sets.items():
        names = [name for name in train_rows[0] if name.split(": ")[0] in members]
        forest = RandomForestClassifier(TREES, random_state=seed, n_jobs=1)
        forest.fit(_table(train_rows, names), [item.label for item in train_items])
        if title == "all":
            importances = dict(zip(names, forest.feature_importances_.tolist(), strict=True))
        probabilities = forest.predict_proba(_table(eval_rows, names))[:, 1]
        results[title] = {
            "features": len(names),
            **_accuracy_and_auc([item.label for item in eval_items], probabilities, patients),
        }
    return {
        "part": part,
        "images": len(eval_items),
        "patients": len(set(patients)),
        "seed": seed,
        "trees": TREES,
        "results": results,
        "telling": dict(sorted(importances.items(), key=lambda pair: -pair[1])[:TOP_FEATURES]),
        "files": {"train": _count(train_items, train_rows), part: _count(eval_items, eval_rows)},
    }


def _read(items: Sequence[Item], data: Path) -> list[Row]:
    progress = tqdm(items, desc="reading features", unit="file", leave=False, disable=None)
    try:
        return [features(data / item.path) for item in progress]
    except ScanError as error:
        raise DataError(str(error)) from error


def _table(rows: Sequence[Row], names: Sequence[str]) -> NDArray[np.float64]:
    return np.array([[row[name] for name in names] for row in rows], np.float64)


def _accuracy_and_auc(
    labels: Sequence[int], probabilities: NDArray[np.float64], patients: Sequence[str]
) -> dict[str, Any]:
    metrics, spread = evaluate(labels, probabilities), intervals(labels, probabilities, patients)
    return {
        name: {"value": metrics[name], "interval": (ends := spread[name]) and list(ends)}
        for name in ("accuracy", "auc")
    }


def _count(items: Sequence[Item], rows: Sequence[Row]) -> dict[str, dict[str, dict[str, int]]]:
    counts = {}
    for label, title in CLASSES.items():
        of_class = [row for item, row in zip(items, rows, strict=True) if item.label == label]
        formats = Counter(name for row in of_class for name in PICTURES if row[f"file: {name}"])
        channels = Counter(str(row["file: channels"]) for row in of_class)
        counts[title] = {"formats": dict(sorted(formats.items())), "channels": dict(sorted(channels.items()))}
    return counts
