"""What each part of the recipe does: trainings without it beside those with everything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from train.report.multi_source.trainings import (
    ARMS,
    EVERYTHING,
    TITLES,
    Evaluation,
    table_or_not,
    validations,
)

ELSEWHERE = "sars-cov-2-ct"
LEFT_OUT = f"{TITLES[ELSEWHERE]}, left out"
BLANKED = "COVID-CT, lungs blanked"

Measures = dict[str, float]


def measures(content: Evaluation) -> Measures:
    """The AUCs in a validation.json by what they are of, those that are defined."""
    sources, left_out = content["sources"], content["elsewhere"].get(ELSEWHERE)
    evaluations = {f"{title}, validation": sources[key] for key, title in TITLES.items() if key in sources}
    if left_out:
        evaluations[LEFT_OUT] = left_out
    metrics = {name: evaluation["metrics"] for name, evaluation in evaluations.items()}
    aucs = {name: float(values["auc"]) for name, values in metrics.items() if "auc" in values}
    return aucs if content["blanked"] is None else {**aucs, BLANKED: float(content["blanked"])}


def arms(folder: Path) -> dict[str, dict[int, Measures]]:
    """`measures` by arm and seed, of the arms that were trained."""
    by_arm = {arm: validations(folder, name) for arm, name in ARMS.items()}
    return {
        arm: {s: measures(content) for s, content in seeds.items()} for arm, seeds in by_arm.items() if seeds
    }


def values(folder: Path) -> str:
    """Each arm's AUCs: the mean over seeds, and the lowest and highest of them."""
    by_arm = arms(folder)
    columns = _columns(by_arm)
    rows = [
        [arm, len(seeds), *(_spread([aucs[c] for aucs in seeds.values() if c in aucs]) for c in columns)]
        for arm, seeds in by_arm.items()
    ]
    return table_or_not(["", "seeds", *columns], rows)


def differences(folder: Path) -> str:
    """Each arm's AUCs less those of `everything` with the same seed: the mean, lowest and highest."""
    by_arm = arms(folder)
    columns, everything = _columns(by_arm), by_arm.pop(EVERYTHING, {})
    rows = []
    for arm, seeds in by_arm.items():
        pairs = [(aucs, everything[seed]) for seed, aucs in seeds.items() if seed in everything]
        gains = [[aucs[c] - base[c] for aucs, base in pairs if c in aucs and c in base] for c in columns]
        if pairs:
            rows.append([arm, len(pairs), *(_spread(gain, "+") for gain in gains)])
    return table_or_not(["", "seeds", *columns], rows)


def _columns(by_arm: dict[str, dict[int, Measures]]) -> list[str]:
    return list(dict.fromkeys(name for seeds in by_arm.values() for aucs in seeds.values() for name in aucs))


def _spread(values: Sequence[float], sign: str = "") -> str | None:
    if not values:
        return None
    mean, low, high = (f"{value:{sign}.3f}" for value in (np.mean(values), min(values), max(values)))
    return f"{mean} ({low} to {high})" if len(values) > 1 else mean
