"""The two numbers that a bundle adds to its network, both read off the FP32 model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgect import Classifier

TEMPERATURES = np.geomspace(0.25, 8, 501)


def temperature(classifier: Classifier, paths: Iterable[Path], labels: Sequence[int]) -> float:
    """Fit one divisor of the log-odds to labelled slices of the validation part.

    Of `TEMPERATURES`, the one with the least negative log-likelihood (Guo et al. 2017, On
    calibration of modern neural networks, section 4.2). It changes no label at threshold 0.5.
    classifier: of a bundle whose temperature is 1.
    """
    found = np.array([classifier.predict(path).probability for path in paths], float)
    log_odds = np.log(found) - np.log1p(-found)
    losses = [negative_log_likelihood(log_odds / t, np.asarray(labels)) for t in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmin(losses))])


def negative_log_likelihood(log_odds: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    return float(np.logaddexp(0, np.where(labels == 1, -log_odds, log_odds)).mean())


def heat_map_scale(classifier: Classifier, paths: Iterable[Path]) -> float:
    """Log-odds drawn in the strongest red: the 99th percentile by place over calibration slices.

    At least 1, so that a network that never says COVID-19 does not paint faint evidence red.
    """
    maps = (classifier.predict(path, evidence=True).evidence for path in paths)
    values = [evidence[::8, ::8].ravel() for evidence in maps if evidence is not None]
    return max(1.0, float(np.percentile(np.concatenate(values), 99)))
