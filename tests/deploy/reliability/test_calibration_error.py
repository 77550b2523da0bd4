"""The calibration error that manifests and cards hold, and the one that `edgect evaluate` prints."""

from __future__ import annotations

import numpy as np
import pytest

from deploy.reliability import calibration_error
from edgect.statistics.calibration import expected_calibration_error
from train.data.covid_ct import Item


@pytest.mark.parametrize("seed", range(3))
def test_it_is_that_of_evaluate_whatever_the_order_of_equal_probabilities(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, 97)
    probabilities = rng.integers(1, 8, 97) / 8  # many are equal: no bin may part them
    items = [Item(f"{n}.png", int(label), f"patient {n // 3}") for n, label in enumerate(labels)]
    order = rng.permutation(97)
    table = calibration_error.table(items, probabilities, 1.0)
    shuffled = calibration_error.table([items[n] for n in order], probabilities[order], 1.0)
    expected = expected_calibration_error(labels, probabilities, calibration_error.BINS)
    assert table["after"]["value"] == shuffled["after"]["value"] == round(expected, 4)
    assert table["before"]["value"] == table["after"]["value"]  # at temperature 1
    assert (table["slices"], table["patients"]) == (97, 33)
