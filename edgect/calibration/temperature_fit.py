"""One divisor of log-odds that makes probabilities of them (temperature scaling, Guo et al. 2017)."""

from __future__ import annotations

import numpy as np

from edgect.calibration.patients import Floats, Labelled

TEMPERATURES = np.geomspace(0.25, 8, 501)


def fit_temperature(fitted: Labelled) -> float:
    """Of `TEMPERATURES`, the one with the least `log_losses`, patients and classes weighing alike."""
    weights, targets = fitted.weights, _targets(fitted)
    losses = [float(weights @ _log_losses(fitted.log_odds / t, targets)) for t in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmin(losses))])


def log_losses(fitted: Labelled) -> Floats:
    """Negative log-likelihood of each slice, float64 `[n]`.

    Labels count as a little less than certain, by one patient more of each class (Platt 1999), since a few
    patients that happen to be told apart without error do not make probabilities of 0 and 1.
    """
    return _log_losses(fitted.log_odds, _targets(fitted))


def _log_losses(log_odds: Floats, targets: Floats) -> Floats:
    return np.asarray(np.logaddexp(0, log_odds) - targets * log_odds)


def _targets(fitted: Labelled) -> Floats:
    patients = fitted.patients(True), fitted.patients(False)
    positive, negative = ((count + 1) / (count + 2) for count in patients)
    return np.where(fitted.labels, positive, 1 - negative)
