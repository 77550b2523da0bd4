"""What each part of the recipe does: trainings without it beside those with everything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from train.report.multi_source.trainings import ARMS, EVERYTHING, TITLES, Found, table_or_not, validations

ELSEWHERE = "sars-cov-2-ct"
LEFT_OUT = f"{TITLES[ELSEWHERE]}, left out"
BLANKED = "COVID-CT, lungs blanked"

Measures = dict[str, float]


def measures(content: Found) -> Measures:
    """The AUCs in a validation.json by what they are of, those that are defined."""
    sources, elsewhere = content["sources"], content["elsewhere"].get(ELSEWHERE)
    found = {f"{title}, validation": sources[key] for key, title in TITLES.items() if key in sources}
    if elsewhere:
        found[LEFT_OUT] = elsewhere
    aucs = {name: float(one["metrics"]["auc"]) for name, one in found.items() if "auc" in one["metrics"]}
    return aucs if content["blanked"] is None else {**aucs, BLANKED: float(content["blanked"])}


def arms(folder: Path) -> dict[str, dict[int, Measures]]:
    """`measures` by arm and seed, of the arms that were trained."""
    made = {arm: validations(folder, name) for arm, name in ARMS.items()}
    return {arm: {s: measures(one) for s, one in seeds.items()} for arm, seeds in made.items() if seeds}


def values(folder: Path) -> str:
    """Each arm's AUCs: the mean over seeds, and the lowest and highest of them."""
    made = arms(folder)
    columns = _columns(made)
    rows = [
        [arm, len(seeds), *(_spread([one[c] for one in seeds.values() if c in one]) for c in columns)]
        for arm, seeds in made.items()
    ]
    return table_or_not(["", "seeds", *columns], rows)


def differences(folder: Path) -> str:
    """Each arm's AUCs less those of `everything` with the same seed: the mean, lowest and highest."""
    made = arms(folder)
    columns, whole = _columns(made), made.pop(EVERYTHING, {})
    rows = []
    for arm, seeds in made.items():
        pairs = [(one, whole[seed]) for seed, one in seeds.items() if seed in whole]
        found = [[one[c] - base[c] for one, base in pairs if c in one and c in base] for c in columns]
        if pairs:
            rows.append([arm, len(pairs), *(_spread(each, "+") for each in found)])
    return table_or_not(["", "seeds", *columns], rows)


def _columns(made: dict[str, dict[int, Measures]]) -> list[str]:
    return list(dict.fromkeys(name for seeds in made.values() for one in seeds.values() for name in one))


def _spread(found: Sequence[float], sign: str = "") -> str | None:
    if not found:
        return None
    middle, low, high = (f"{value:{sign}.3f}" for value in (np.mean(found), min(found), max(found)))
    return f"{middle} ({low} to {high})" if len(found) > 1 else middle
