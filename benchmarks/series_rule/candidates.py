"""The rules that are compared: each gives a series one number, which a limit parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

Floats = NDArray[np.float64]
Score = Callable[[Floats, Floats | None, float], float]
"""Of log-odds in the order of the body, their places in millimetres if known, and a slice's threshold."""
RADIUS, TENTH = 5.01, 0.1  # millimetres; share of the slices


def highest_mean(log_odds: Floats, places: Floats | None, threshold: float) -> float:
    """The highest mean probability within 5 mm; of slices without places, the highest of any."""
    values = expit(log_odds)
    if places is None:
        return float(values.max())
    near = np.abs(places[:, None] - places) <= RADIUS
    return float(((near @ values) / near.sum(1)).max())


def share(log_odds: Floats, places: Floats | None, threshold: float) -> float:
    return float((expit(log_odds) >= threshold).mean())


def highest_tenth(log_odds: Floats, places: Floats | None, threshold: float) -> float:
    """The mean probability of the highest tenth of the slices, of one at least."""
    count = max(1, round(TENTH * len(log_odds)))
    return float(np.sort(expit(log_odds))[-count:].mean())


def mean_log_odds(log_odds: Floats, places: Floats | None, threshold: float) -> float:
    return float(log_odds.mean())


SHARE = "share of positive slices"
FORMER = "highest mean within 5 mm"
SCORES: dict[str, Score] = {
    FORMER: highest_mean,
    SHARE: share,
    "mean of the highest tenth": highest_tenth,
    "mean log-odds": mean_log_odds,
}
LIKELIHOOD = "likelihood of sorted log-odds"
QUANTILES = np.linspace(0.05, 0.95, 10)


@dataclass(frozen=True)
class Likelihood:
    """Logistic regression on ten quantiles of the log-odds; weights: of these, then the intercept."""

    mean: Floats
    spread: Floats
    weights: Floats

    @classmethod
    def fitted(cls, quantiles: Floats, truth: NDArray[np.int_], weights: Floats) -> Likelihood:
        """quantiles: `[series, 10]`. truth, weights: of each series."""
        mean, spread = quantiles.mean(0), quantiles.std(0) + 1e-9
        fit = LogisticRegression(C=0.01, max_iter=1000).fit((quantiles - mean) / spread, truth, weights)
        return cls(mean, spread, np.append(fit.coef_[0], fit.intercept_))

    def __call__(self, log_odds: Floats, places: Floats | None, threshold: float) -> float:
        own = (quantiles(log_odds) - self.mean) / self.spread
        return float(own @ self.weights[:-1] + self.weights[-1])


def quantiles(log_odds: Floats) -> Floats:
    return np.asarray(np.quantile(log_odds, QUANTILES))
