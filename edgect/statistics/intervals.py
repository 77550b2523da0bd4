"""95 % intervals over patients that cover with few of them, and where not one slice is wrong.

Patients, not slices, are the independent units. Each gets a random weight, exponentially distributed
(Bayesian bootstrap, Rubin 1981), and so does one more patient who is all wrong for the low end and all
right for the high end: what the patients at hand cannot rule out. The ends are percentiles, 2.5 and 97.5, of
the weighted figure. This is the bound of Gaffke (2005) for the mean of bounded values of any distribution
(Learned-Miller and Thomas 2019, A new confidence interval for the mean of a bounded random variable). Where
each patient is one slice, or as many that are right or wrong together, it is the interval of Clopper and
Pearson, and computed as that. `benchmarks/COVERAGE.md` has its coverage.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgect.statistics.beta import LEVEL, clopper_pearson
from edgect.statistics.roc import RankedScores

DRAWS, AREA_DRAWS, SEED = 10_000, 2000, 0  # an area takes longer to compute
_TAIL = (1 - LEVEL) / 2
_HALVINGS = 40
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
    return _ends(weighted, total, np.full(draws, wholes.mean()), lowest)


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
    labels: ArrayLike, scores: ArrayLike, patients: Sequence[str], draws: int = AREA_DRAWS, seed: int = SEED
) -> Interval | None:
    """Interval of the area under the ROC curve; None unless either class has slices of two patients.

    At an area of 1, with k patients of the class that has fewer and as many slices of each, the low end is
    0.025 ** (1 / k): an exact bound, since k pairs of patients that have nobody in common are then in order.
    """
    return interval_of_area(labels, RankedScores(labels, scores).areas, patients, 0, draws, seed)


def interval_of_area(
    labels: ArrayLike,
    areas: Callable[[Floats], Floats],
    patients: Sequence[str] | NDArray[np.str_],
    lowest: float = 0,
    draws: int = AREA_DRAWS,
    seed: int = SEED,
) -> Interval | None:
    """Interval of a figure of pairs of a positive and a negative, between `lowest` and 1 for every pair.

    areas: the figure, `[draws]`, by weights of slices, `[draws, slices]`. The one more patient is of the
    class that has fewer, of each by half where they have as many. None unless either has two.
    """
    truth, number = np.asarray(labels, bool), patient_numbers(patients)
    negatives, positives = (len(np.unique(number[truth == label])) for label in (False, True))
    if (fewest := min(negatives, positives)) < 2:
        return None
    classes = [label for label, count in ((False, negatives), (True, positives)) if count == fewest]
    rng, drawn = np.random.default_rng(seed), []
    for size in _sizes(len(number), draws):
        weights = rng.standard_exponential((size, int(number.max()) + 1))[:, number]
        area = areas(weights)
        for label in classes:
            total = weights[:, truth == label].sum(1)
            extra = np.full(size, np.count_nonzero(truth == label) / fewest)
            drawn.append([area * total, total, extra])
    weighted, total, slices = np.concatenate(drawn, axis=1)
    return _ends(weighted, total, slices, lowest)


def patient_numbers(patients: Sequence[str] | NDArray[np.str_]) -> NDArray[np.intp]:
    """Give each slice the number of its patient, from 0 on: `[slices]`."""
    return np.unique(np.asarray(patients), return_inverse=True)[1]


def _sizes(columns: int, draws: int) -> list[int]:
    """How many draws to hold at once, until all are made."""
    at_once = max(1, _WEIGHTS_AT_ONCE // columns)
    return [min(at_once, draws - start) for start in range(0, draws, at_once)]


def _ends(weighted: Floats, total: Floats, slices: Floats, lowest: float) -> Interval:
    """Both ends, of each draw's weighted sum, its sum of weights and the slices of one more patient."""
    low = _low_end(weighted, total, slices, lowest, 1)
    return low, 1 - _low_end(total - weighted, total, slices, 0, 1 - lowest)


def _low_end(weighted: Floats, total: Floats, slices: Floats, lowest: float, highest: float) -> float:
    """Value that the figure with one more patient falls below with the probability of a tail; by bisection.

    Few draws do, since that patient's weight is not drawn: its distribution is summed exactly for each.
    """
    low, high = lowest, highest
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        weight = np.maximum(weighted - middle * total, 0) / ((middle - lowest) * slices)
        if np.exp(-weight).mean() < _TAIL:
            low = middle
        else:
            high = middle
    return low
