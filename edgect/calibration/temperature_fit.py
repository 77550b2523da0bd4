"""One divisor of log-odds that makes probabilities of them (temperature scaling, Guo et al. 2017)."""

from __future__ import annotations

import numpy as np

from edgect.calibration.patients import Floats, Labelled

TEMPERATURES = np.geomspace(0.25, 8, 501)


def fit_temperature(fitted: Labelled) -> float:
    """Of `TEMPERATURES`, the one with the least `log_losses`, patients and classes weighing alike."""
    weights = fitted.weights
    losses = [
        float(weights @ log_losses(Labelled(fitted.log_odds / t, fitted.labels, fitted.units)))
        for t in TEMPERATURES
    ]
    return float(TEMPERATURES[int(np.argmin(losses))])


def log_losses(fitted: Labelled) -> Floats:
    """Negative log-likelihood of each slice, float64 `[n]`.

    Labels count as a little less than certain, by one patient more of each class (Platt 1999), since a few
    patients that happen to be told apart without error do not make probabilities of 0 and 1.
    """
    positive, negative = (
        (fitted.patients(label) + 1) / (fitted.patients(label) + 2) for label in (True, False)
    )
    target = np.where(fitted.labels, positive, 1 - negative)
    return np.asarray(np.logaddexp(0, fitted.log_odds) - target * fitted.log_odds)
