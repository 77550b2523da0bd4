"""How far probabilities lie from shares: expected calibration error, before and after the temperature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train.covid_ct import Item

BINS = 10
DRAWS = 2000

Scores = NDArray[np.float64]


def expected(labels: NDArray[np.int64], probabilities: Scores) -> float:
    """Mean over `BINS` bins of as many slices each of |share with COVID-19 - mean probability of it|.

    Equal-mass bins, as of Nguyen and O'Connor (2015); the sort is stable, so ties keep their order.
    """
    bins = np.array_split(np.argsort(probabilities, kind="stable"), min(BINS, len(labels)))
    return float(sum(abs((labels[b] - probabilities[b]).sum()) for b in bins) / len(labels))


def table(items: Sequence[Item], probabilities: Scores, temperature: float) -> dict[str, Any]:
    """The error before and after dividing log-odds by the temperature, with 95 % intervals.

    probabilities: after. Intervals are of `DRAWS` bootstrap draws of patients; resampling adds unevenness
    of its own, so they lie rather high.
    """
    labels = np.array([item.label for item in items])
    after = np.clip(probabilities, 1e-12, 1 - 1e-12)
    before = 1 / (1 + ((1 - after) / after) ** temperature)
    _, unit = np.unique([item.patient for item in items], return_inverse=True)
    places = [np.flatnonzero(unit == number) for number in range(unit.max() + 1)]
    rng = np.random.default_rng(0)
    draws = [
        np.concatenate([places[n] for n in rng.integers(len(places), size=len(places))]) for _ in range(DRAWS)
    ]
    return {
        "slices": len(items),
        "patients": len(places),
        **{
            name: {
                "value": round(expected(labels, values), 4),
                "interval": [
                    round(float(end), 4)
                    for end in np.percentile([expected(labels[d], values[d]) for d in draws], [2.5, 97.5])
                ],
            }
            for name, values in (("before", before), ("after", after))
        },
    }
