"""95 % intervals over patients that cover with few of them, and where not one slice is wrong.

Patients, not slices, are the independent units. Each gets a random weight, exponentially distributed
(Bayesian bootstrap, Rubin 1981), and so does one more patient who is all wrong for the low end and all
right for the high end: what the patients at hand cannot rule out. The ends are percentiles of the weighted
figure. This is the bound of Gaffke (2005) for the mean of bounded values of any distribution (Learned-Miller
and Thomas 2019, A new confidence interval for the mean of a bounded random variable). Where a patient is
one slice, or all of the patient's slices are right or wrong together, it is the interval of Clopper and
Pearson, and computed as that. `benchmarks/COVERAGE.md` has its coverage by simulation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgect.statistics.beta import LEVEL, clopper_pearson
from edgect.statistics.roc import RankedScores

DRAWS, SEED = 2000, 0
_TAILS = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
_WEIGHTS_AT_ONCE = 1 << 21  # 16 MiB

Floats = NDArray[np.float64]
Interval = tuple[float, float]


def interval_of_ratio(
    numerators: ArrayLike, denominators: ArrayLike, lowest: float = 0, draws: int = DRAWS, seed: int = SEED
) -> Interval | None:
    """Interval, [low, high], of the sum of numerators over that of denominators, `[patients]` both.

    Each numerator lies between `lowest` times its denominator and the denominator: 0 for a proportion, -1
    for the difference of two. None for fewer than two patients with a denominator above 0: one patient
    says nothing of others.
    """
    parts, wholes = np.asarray(numerators, float), np.asarray(denominators, float)
    parts, wholes = parts[wholes > 0], wholes[wholes > 0]
    if len(wholes) < 2:
        return None
    if not lowest and np.ptp(wholes) == 0 and np.isin(parts, (0, wholes[0])).all():
        return clopper_pearson(int(np.count_nonzero(parts)), len(parts))
    # weights of patients with the same counts are drawn as their sum
    counts, patients = np.unique(np.column_stack([parts, wholes]), axis=0, return_counts=True)
    rng, sizes = np.random.default_rng(seed), _sizes(len(counts), draws)
    sums = [rng.standard_gamma(patients, (size, len(patients))) @ counts for size in sizes]
    weighted, total = np.concatenate(sums).T
    extra = rng.standard_exponential(draws) * wholes.mean()
    return _ends((weighted + lowest * extra) / (total + extra), (weighted + extra) / (total + extra))


def interval_of_mean(
    values: ArrayLike,
    patients: Sequence[str] | NDArray[np.str_],
    lowest: float = 0,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Interval | None:
    """Interval of the mean of values of slices, `[slices]`, each between `lowest` and 1.

    None where all slices are one patient's.
    """
    number = patient_numbers(patients)
    return interval_of_ratio(np.bincount(number, values), np.bincount(number), lowest, draws, seed)


def interval_of_auc(
    labels: ArrayLike, scores: ArrayLike, patients: Sequence[str], draws: int = DRAWS, seed: int = SEED
) -> Interval | None:
    """Interval of the area under the ROC curve; None unless either class has slices of two patients.

    At an area of 1, with k patients of the class that has fewer and as many slices of each, the low end is
    0.025 ** (1 / k): an exact bound, since k pairs of patients that have nobody in common are then in order.
    """
    return interval_of_area(labels, RankedScores(labels, scores).areas, patients, 0, draws, seed)


def interval_of_area(
    labels: ArrayLike,
    areas: Callable[[Floats], Floats],
    patients: Sequence[str],
    lowest: float = 0,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Interval | None:
    """Interval of a figure of pairs of a positive and a negative, between `lowest` and 1 for every pair.

    areas: the figure, `[draws]`, by weights of slices, `[draws, slices]`. The one more patient is of the
    class that has fewer, in turn of either where they have as many. None unless either has two.
    """
    truth, number = np.asarray(labels, bool), patient_numbers(patients)
    negatives, positives = (len(np.unique(number[truth == label])) for label in (False, True))
    if min(negatives, positives) < 2:
        return None
    rng, lows, highs = np.random.default_rng(seed), [], []
    for size in _sizes(len(number), draws):
        weights = rng.standard_exponential((size, int(number.max()) + 1))[:, number]
        extra = rng.standard_exponential(size)
        share_of_positives = _share(extra, weights[:, truth], positives)
        share_of_negatives = _share(extra, weights[:, ~truth], negatives)
        in_turn = np.arange(size) % 2 == 0
        is_positive = in_turn if positives == negatives else positives < negatives
        share = np.where(is_positive, share_of_positives, share_of_negatives)
        area = areas(weights) * (1 - share)
        lows.append(area + lowest * share)
        highs.append(area + share)
    return _ends(np.concatenate(lows), np.concatenate(highs))


def patient_numbers(patients: Sequence[str] | NDArray[np.str_]) -> NDArray[np.intp]:
    """Give each slice the number of its patient, from 0 on: `[slices]`."""
    return np.unique(np.asarray(patients), return_inverse=True)[1]


def _share(extra: Floats, weights: Floats, patients: int) -> Floats:
    """Share of one more patient with the mean number of slices in a class's weight: `[draws]`."""
    slices = weights.shape[1] / patients
    shares: Floats = slices * extra / (slices * extra + weights.sum(1))
    return shares


def _sizes(columns: int, draws: int) -> list[int]:
    """How many draws to hold at once, an even number, until all are made."""
    at_once = max(2, _WEIGHTS_AT_ONCE // columns // 2 * 2)
    return [min(at_once, draws - start) for start in range(0, draws, at_once)]


def _ends(low: Floats, high: Floats) -> Interval:
    return float(np.quantile(low, _TAILS[0])), float(np.quantile(high, _TAILS[1]))
