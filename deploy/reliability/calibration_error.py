"""How far probabilities lie from shares: expected calibration error, before and after the temperature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgect.statistics.metrics import expected_calibration_error
from train.data.covid_ct import Item

BINS = 10
DRAWS = 2000


def table(items: Sequence[Item], probabilities: NDArray[np.float64], temperature: float) -> dict[str, Any]:
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
                "value": round(expected_calibration_error(labels, values, BINS), 4),
                "interval": [
                    round(float(end), 4)
                    for end in np.percentile(
                        [expected_calibration_error(labels[d], values[d], BINS) for d in draws], [2.5, 97.5]
                    )
                ],
            }
            for name, values in (("before", before), ("after", after))
        },
    }
