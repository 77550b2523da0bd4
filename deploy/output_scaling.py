"""The numbers that a bundle adds to its network, read off the FP32 model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgect import Classifier
from train.data.covid_ct import Item

TEMPERATURES = np.geomspace(0.25, 8, 501)


def temperature(classifier: Classifier, parts: Iterable[Sequence[Item]], data: Path) -> float:
    """Fit one divisor of the log-odds to labelled slices of validation parts, each part counting alike.

    Of `TEMPERATURES`, the one with the least negative log-likelihood (Guo et al. 2017, On
    calibration of modern neural networks, section 4.2). It changes no label at threshold 0.5.
    classifier: of a bundle whose temperature is 1.
    """
    log_odds_and_labels = [
        (_log_odds(classifier, part, data), np.array([i.label for i in part])) for part in parts
    ]
    losses = [
        np.mean([negative_log_likelihood(log_odds / t, labels) for log_odds, labels in log_odds_and_labels])
        for t in TEMPERATURES
    ]
    return float(TEMPERATURES[int(np.argmin(losses))])


def threshold(before: float, temperature: float) -> float:
    """Where a threshold of probabilities lies after temperature scaling, so that no label changes."""
    return round(float(1 / (1 + (1 / before - 1) ** (1 / temperature))), 6)


def negative_log_likelihood(log_odds: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    return float(np.logaddexp(0, np.where(labels == 1, -log_odds, log_odds)).mean())


def heat_map_scale(classifier: Classifier, paths: Iterable[Path]) -> float:
    """Log-odds drawn in the strongest red: the 99th percentile by place over calibration slices.

    Places that the network did not see, where evidence is 0, are none. At least 1, so that a network
    that never says COVID-19 does not paint faint evidence red.
    """
    maps = (classifier.predict(path, evidence=True).evidence for path in paths)
    values = np.concatenate([evidence[::8, ::8].ravel() for evidence in maps if evidence is not None])
    return max(1.0, float(np.percentile(values[values != 0], 99)))


def _log_odds(classifier: Classifier, part: Sequence[Item], data: Path) -> NDArray[np.float64]:
    probabilities = np.array([classifier.predict(data / item.path).probability for item in part], float)
    return np.asarray(np.log(probabilities) - np.log1p(-probabilities))
