"""The divisor of log-odds that makes probabilities of them."""

from __future__ import annotations

import numpy as np
import pytest

from edgect.calibration.patients import Labelled
from edgect.calibration.temperature_fit import fit_temperature


def of_patients(log_odds: np.ndarray, labels: np.ndarray) -> Labelled:
    return Labelled(log_odds, labels, np.array([f"p{number}" for number in range(len(labels))]))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_it_is_found_again(temperature: float) -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(0, 2, 20_000)
    labels = rng.random(len(true)) < 1 / (1 + np.exp(-true))
    assert fit_temperature(of_patients(true * temperature, labels)) == pytest.approx(temperature, rel=0.05)


def test_a_few_patients_told_apart_without_error_do_not_make_certainties() -> None:
    labels = np.arange(20) % 2 == 1
    temperature = fit_temperature(of_patients(np.where(labels, 1.0, -1.0), labels))
    certain = 1 / (1 + np.exp(-1 / temperature))
    assert certain == pytest.approx(11 / 12, abs=0.01)


def test_a_patient_of_many_slices_weighs_as_one_of_few() -> None:
    log_odds = np.array([2.0, 2.0, -2.0, -2.0, -1.0, 1.0])
    labels = np.array([True, True, False, False, True, False])
    units = np.array(list("abcdef"))
    once = Labelled(log_odds, labels, units)
    often = Labelled(
        np.append(log_odds, [-1.0] * 50), np.append(labels, [True] * 50), np.append(units, ["e"] * 50)
    )
    assert fit_temperature(often) == fit_temperature(once)
