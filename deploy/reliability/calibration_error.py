"""How far probabilities lie from shares: expected calibration error, before and after the temperature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgect.statistics.bootstrap import percentile_interval, resamples
from edgect.statistics.calibration import expected_calibration_error
from train.data.covid_ct import Item

BINS = 10


def table(items: Sequence[Item], probabilities: NDArray[np.float64], temperature: float) -> dict[str, Any]:
    """The error before and after dividing log-odds by the temperature, with 95 % intervals.

    probabilities: after. Intervals are of `DRAWS` bootstrap draws of patients; resampling adds unevenness
    of its own, so they lie rather high.
    """
    labels = np.array([item.label for item in items])
    after = np.clip(probabilities, 1e-12, 1 - 1e-12)
    before = 1 / (1 + ((1 - after) / after) ** temperature)
    values = np.array([before, after])
    patients = [item.patient for item in items]
    errors = [
        [expected_calibration_error(labels[d], row[d], BINS) for row in values] for d in resamples(patients)
    ]
    low, high = percentile_interval(np.array(errors))
    return {
        "slices": len(items),
        "patients": len(set(patients)),
        **{
            name: {
                "value": round(expected_calibration_error(labels, values[row], BINS), 4),
                "interval": [round(float(low[row]), 4), round(float(high[row]), 4)],
            }
            for row, name in enumerate(("before", "after"))
        },
    }
