"""Series made of single slices: what is assumed of them, and how they are drawn.

A series is `HEIGHT` millimetres of lungs. In one with a disease a stretch of slices is involved, whose share
of the lungs is uniform on `INVOLVED`, and the rest is clear. Involved slices have the distribution of
log-odds of single slices with the disease, clear ones that of slices of normal lungs of the same source, or
of `LUNGS` where the source has none. Slices of a series are alike: by a Gaussian copula, which leaves these
distributions as they are, with one part for the whole series (`Likeness.patient`, the correlation of slices
of a patient) and one that wanders along the body (`Likeness.length`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from benchmarks.series_rule.slices import Slice, series_of

HEIGHT, INVOLVED = 240.0, (0.1, 1.0)
SPACINGS = (2.0, 5.0, 10.0)
FEWEST = 15  # slices of a class of a source, below which nothing is drawn of it
NORMAL = ("CT-0", "normal", "NORMAL")
LUNGS = "luna-slices"  # whose slices stand for clear ones where a source has none
GRADED = {"mosmed": ("CT-2", "CT-3", "CT-4")}  # the groups whose single slice shows the disease
Floats = NDArray[np.float64]
Random = np.random.Generator


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of series. truth: 1 COVID-19. involved, clear: log-odds of single slices, sorted."""

    source: str
    name: str
    truth: int
    involved: Floats
    clear: Floats


@dataclass(frozen=True)
class Likeness:
    """patient: correlation of two slices of a patient of one class. length: millimetres, of what wanders."""

    patient: float
    length: float


def log_odds(slices: Sequence[Slice]) -> Floats:
    values = np.clip([own.probability for own in slices], 1e-6, 1 - 1e-6)
    return np.asarray(np.log(values / (1 - values)))


def kinds(slices: Sequence[Slice]) -> list[Kind]:
    """Of every source of single slices with enough of them: one with COVID-19, one for each other group."""
    by_source: defaultdict[str, list[Slice]] = defaultdict(list)
    for own in slices:
        if not own.series:
            by_source[own.source].append(own)
    lungs = by_source[LUNGS]
    found = []
    for source, members in by_source.items():
        groups: defaultdict[str, list[Slice]] = defaultdict(list)
        for own in members:
            if own.label:
                if own.group in GRADED.get(source, (own.group,)):
                    groups["COVID-19"].append(own)
            else:
                groups[own.group or "others"].append(own)
        normal = [own for own in members if own.group.startswith(NORMAL)]
        for name, involved in groups.items():
            truth = int(name == "COVID-19")
            clear = normal or lungs
            if min(len(involved), len(clear)) >= FEWEST:
                found.append(Kind(source, name, truth, np.sort(log_odds(involved)), np.sort(log_odds(clear))))
    return found


def likeness(slices: Sequence[Slice]) -> Likeness:
    """Of normal scores of log-odds, so that every source and class weighs by its slices alone.

    patient: the intraclass correlation within units of one source, group and label. length: from the
    correlation of neighbours of whole series, each kind of slice of a series by itself.
    """
    between = within = 0.0
    for scores, units in _scores(slices):
        names, places, counts = np.unique(units, return_inverse=True, return_counts=True)
        if len(names) < 2 or len(scores) == len(names):
            continue
        means = np.bincount(places, scores) / counts
        error = ((scores - means[places]) ** 2).sum() / (len(scores) - len(names))
        usual = (len(scores) - (counts**2).sum() / len(scores)) / (len(names) - 1)
        spread = (counts * (means - scores.mean()) ** 2).sum() / (len(names) - 1)
        between += len(scores) * max(0.0, (spread - error) / usual)
        within += len(scores) * error
    return Likeness(between / (between + within), _length(slices))


def _scores(slices: Sequence[Slice]) -> Iterator[tuple[Floats, NDArray[np.str_]]]:
    strata: defaultdict[tuple[str, str, int], list[Slice]] = defaultdict(list)
    for own in slices:
        if not own.series:
            strata[own.source, own.group, own.label].append(own)
    for members in strata.values():
        ranks = rankdata([own.probability for own in members]) / (len(members) + 1)
        yield np.asarray(norm.ppf(ranks)), np.array([own.unit for own in members])


def _length(slices: Sequence[Slice]) -> float:
    products, squares, steps = [0.0], [1e-9], []
    for own in series_of(slices).values():
        values = log_odds(own)
        for mark in {each.marked for each in own}:
            places = [place for place, each in enumerate(own) if each.marked == mark]
            residuals = dict(zip(places, values[places] - values[places].mean(), strict=True))
            for here, there in pairwise(places):
                positions = own[here].position, own[there].position
                if there == here + 1 and None not in positions:
                    products.append(residuals[here] * residuals[there])
                    squares.append((residuals[here] ** 2 + residuals[there] ** 2) / 2)
                    steps.append((positions[1] or 0.0) - (positions[0] or 0.0))
    correlation = min(0.99, max(0.01, sum(products) / sum(squares)))
    return float(-np.median(steps) / np.log(correlation)) if steps else HEIGHT


def draw(
    kind: Kind,
    count: int,
    spacing: float,
    alike: Likeness,
    rng: Random,
    involved: tuple[float, float] = INVOLVED,
) -> Floats:
    """Log-odds of `count` series of a kind, in the order of the body: float `[count, slices]`."""
    length = round(HEIGHT / spacing)
    wander = np.empty((count, length))
    kept = np.exp(-spacing / alike.length)
    wander[:, 0] = rng.normal(size=count)
    for place in range(1, length):
        wander[:, place] = kept * wander[:, place - 1] + np.sqrt(1 - kept**2) * rng.normal(size=count)
    own = rng.normal(size=(count, 1))
    ranks = norm.cdf(np.sqrt(alike.patient) * own + np.sqrt(1 - alike.patient) * wander)
    share = rng.uniform(*involved, (count, 1))
    first = rng.uniform(0, 1, (count, 1)) * (1 - share)
    places = (np.arange(length) + 0.5) / length
    inside = (places >= first) & (places < first + share)
    return np.asarray(np.where(inside, _quantiles(kind.involved, ranks), _quantiles(kind.clear, ranks)))


def _quantiles(pool: Floats, ranks: Floats) -> Floats:
    return pool[np.minimum((ranks * len(pool)).astype(int), len(pool) - 1)]
