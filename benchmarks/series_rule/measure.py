"""Rules measured on simulated series: every source counts alike, and limits are fitted on the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.series_rule.candidates import LIKELIHOOD, SCORES, SHARE, Likelihood, Score, quantiles
from benchmarks.series_rule.simulated import INVOLVED, SPACINGS, Floats, Kind, Likeness, draw
from edgect.model.bundles.manifest import SeriesLimits
from edgect.model.decision.series_rule import SeriesRule
from edgect.statistics.roc import auc

COUNT, SEED = 150, 0  # series of each kind and spacing
STEPS = np.arange(0.01, 1.0, 0.01)  # of limits of the share
OUTCOMES = ("COVID-19", "indeterminate", "not COVID-19")


@dataclass(frozen=True)
class Drawn:
    """Series of one kind at one spacing: log-odds `[series, slices]`."""

    kind: Kind
    spacing: float
    log_odds: Floats

    @property
    def places(self) -> Floats:
        return np.asarray(np.arange(self.log_odds.shape[1]) * self.spacing, np.float64)

    def scores(self, score: Score, threshold: float, offset: float = 0.0) -> Floats:
        return np.array([score(own + offset, self.places, threshold) for own in self.log_odds])


def drawn(kinds: Sequence[Kind], alike: Likeness, involved: tuple[float, float] = INVOLVED) -> list[Drawn]:
    rng = np.random.default_rng(SEED)
    return [
        Drawn(kind, spacing, draw(kind, COUNT, spacing, alike, rng, involved))
        for kind in kinds
        for spacing in SPACINGS
    ]


@dataclass(frozen=True)
class Measured:
    """limit: fitted on all. sensitivity, specificity: with each source by the limit of the others.

    worst: the lowest specificity of a kind so. shifted: sensitivity and specificity at `limit` where all
    log-odds are lower by `SHIFT`, and where they are higher.
    """

    limit: float
    area: float
    sensitivity: float
    specificity: float
    worst: float
    shifted: tuple[tuple[float, float], tuple[float, float]]
    score: Score


SHIFT = 0.5


def measured(name: str, series: Sequence[Drawn], threshold: float) -> Measured:
    """One candidate. threshold: of a slice."""
    everywhere = _likelihood(series) if name == LIKELIHOOD else SCORES[name]
    scores = [own.scores(everywhere, threshold) for own in series]
    limit = _limit(series, scores)
    rates = [0.0] * len(series)
    for source in {own.kind.source for own in series}:
        others = [own for own in series if own.kind.source != source]
        score = _likelihood(others) if name == LIKELIHOOD else everywhere
        own_limit = _limit(others, [own.scores(score, threshold) for own in others])
        for place, own in enumerate(series):
            if own.kind.source == source:
                rates[place] = float((own.scores(score, threshold) >= own_limit).mean())
    sensitivity, specificity = _right(series, rates)
    worst = [
        1 - float(np.mean([own for own, each in zip(rates, series, strict=True) if each.kind is kind]))
        for kind in {own.kind for own in series}
        if not kind.truth
    ]
    labels = np.concatenate([np.full(len(own.log_odds), own.kind.truth) for own in series])
    low, high = (
        _right(series, [float((own.scores(everywhere, threshold, by) >= limit).mean()) for own in series])
        for by in (-SHIFT, SHIFT)
    )
    area = auc(labels, np.concatenate(scores))
    return Measured(limit, area, sensitivity, specificity, min(worst), (low, high), everywhere)


def right_at(name: str, series: Sequence[Drawn], threshold: float, limit: float) -> tuple[float, float]:
    """Sensitivity and specificity of a candidate at a limit."""
    rates = [float((own.scores(SCORES[name], threshold) >= limit).mean()) for own in series]
    return _right(series, rates)


def limits(series: Sequence[Drawn], threshold: float, error_rate: float) -> SeriesLimits:
    """The narrowest shares at which at most `error_rate` of the series of either class get the other's label.

    Both are their mean where they would cross.
    """
    shares = [own.scores(SCORES[SHARE], threshold) for own in series]

    def wrong(limit: float, truth: int) -> float:
        rates = [float((own >= limit).mean()) for own in shares]
        return 1 - _right(series, rates)[0 if truth else 1]

    low = max((step for step in STEPS if wrong(step, 1) <= error_rate), default=STEPS[0])
    high = min((step for step in STEPS if wrong(step, 0) <= error_rate), default=STEPS[-1])
    if low > high:
        low = high = (low + high) / 2
    return SeriesLimits(round(float(low), 3), round(float(high), 3), error_rate)


def outcomes(rule: SeriesRule, series: Sequence[Drawn], threshold: float) -> dict[Kind, Floats]:
    """Shares of COVID-19, indeterminate and not COVID-19 among the series of each kind, `[3]`."""
    counts: defaultdict[Kind, Floats] = defaultdict(lambda: np.zeros(len(OUTCOMES)))
    for own in series:
        for values in own.log_odds:
            counts[own.kind][OUTCOMES.index(says(rule, values, threshold))] += 1
    return {kind: each / each.sum() for kind, each in counts.items()}


def says(rule: SeriesRule, log_odds: Floats, threshold: float) -> str:
    bounds = rule.bounds([float(value) for value in 1 / (1 + np.exp(-log_odds))])
    assert bounds is not None
    positive = bounds.says(threshold)
    return OUTCOMES[1 if positive is None else 0 if positive else 2]


def _right(series: Sequence[Drawn], rates: Sequence[float]) -> tuple[float, float]:
    """Sensitivity and specificity. rates: how many of each are called COVID-19."""
    by_source: dict[int, defaultdict[str, list[float]]] = {0: defaultdict(list), 1: defaultdict(list)}
    for own, rate in zip(series, rates, strict=True):
        by_source[own.kind.truth][own.kind.source].append(rate)
    negative, positive = (
        float(np.mean([np.mean(values) for values in by_source[truth].values()])) for truth in (0, 1)
    )
    return positive, 1 - negative


def _limit(series: Sequence[Drawn], scores: Sequence[Floats]) -> float:
    """Where the lower of sensitivity and specificity is highest."""

    def least(limit: float) -> float:
        return min(_right(series, [float((own >= limit).mean()) for own in scores]))

    grid = np.unique(np.quantile(np.concatenate(scores), np.linspace(0, 1, 301)))
    return float(max(grid, key=least))


def _likelihood(series: Sequence[Drawn]) -> Likelihood:
    truth: NDArray[np.int_] = np.concatenate([np.full(len(own.log_odds), own.kind.truth) for own in series])
    weights = np.where(truth, 1 / max(1, truth.sum()), 1 / max(1, (1 - truth).sum()))
    sorted_ = np.concatenate([[quantiles(values) for values in own.log_odds] for own in series])
    return Likelihood.fitted(sorted_, truth, weights / weights.mean())
