"""The rules that are compared: each gives a series one number, which a limit parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Floats = NDArray[np.float64]
Score = Callable[[Floats, Floats | None, float], float]
SMOOTHED, TENTH, SAME = 5.0, 0.1, 0.01


def highest_mean(log_odds: Floats, places: Floats | None, threshold: float) -> float:
    """The highest mean probability within 5 mm; of slices without places, the highest of any."""
    values = expit(log_odds)
    if places is None:
        return float(values.max())
    near = np.abs(places[:, None] - places) <= SMOOTHED + SAME
    return float(((near @ values) / near.sum(1)).max())


def share(log_odds: Floats, places: Floats | None, threshold: float) -> float:
    """Of slices whose probability reaches the threshold."""
    return float((expit(log_odds) >= threshold).mean())


def highest_tenth(log_odds: Floats, places: Floats | None, threshold: float) -> float:
    """The mean probability of the highest tenth of the slices, of one at least."""
    count = max(1, round(TENTH * len(log_odds)))
    return float(np.sort(expit(log_odds))[-count:].mean())


def upper_third(log_odds: Floats, places: Floats | None, threshold: float) -> float:
    """The probability that a third of the slices reaches."""
    return float(np.quantile(expit(log_odds), 2 / 3))


def mean_log_odds(log_odds: Floats, places: Floats | None, threshold: float) -> float:
    return float(log_odds.mean())


def mean_probability(log_odds: Floats, places: Floats | None, threshold: float) -> float:
    return float(expit(log_odds).mean())


SCORES: dict[str, Score] = {
    "highest mean within 5 mm": highest_mean,
    "share of positive slices": share,
    "mean of the highest tenth": highest_tenth,
    "highest third's lowest probability": upper_third,
    "mean probability": mean_probability,
    "mean log-odds": mean_log_odds,
}
QUANTILES = np.linspace(0.05, 0.95, 10)


@dataclass(frozen=True)
class Likelihood:
    """Logistic regression on ten quantiles of the log-odds: of COVID-19 given the sorted probabilities."""

    mean: Floats
    spread: Floats
    weights: Floats

    @classmethod
    def fitted(cls, quantiles: Floats, truth: NDArray[np.int_], weights: Floats) -> Likelihood:
        """quantiles: `[series, 10]`. weights: of each series."""
        from sklearn.linear_model import LogisticRegression

        mean, spread = quantiles.mean(0), quantiles.std(0) + 1e-9
        fit = LogisticRegression(C=0.01, max_iter=1000).fit((quantiles - mean) / spread, truth, weights)
        return cls(mean, spread, np.append(fit.coef_[0], fit.intercept_))

    def __call__(self, log_odds: Floats, places: Floats | None, threshold: float) -> float:
        own = (quantiles(log_odds) - self.mean) / self.spread
        return float(own @ self.weights[:-1] + self.weights[-1])


def quantiles(log_odds: Floats) -> Floats:
    return np.asarray(np.quantile(log_odds, QUANTILES))
