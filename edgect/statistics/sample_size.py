"""How many patients a figure takes: to know a share within so much, or to promise it of others."""

from __future__ import annotations

import math
from bisect import bisect_left

from edgect.statistics.beta import LEVEL, beta_probability

CLOSEST = 1e-4  # to which a share can be known
_MOST = 10**10  # patients; enough for CLOSEST at any level that floating point can tell from 1
_ROUNDING = 1e-9  # of a number of patients


def patients_to_know(share: float, within: float, level: float = LEVEL) -> int:
    """Fewest patients of whom `share` makes an exact interval that ends at most `within` from it.

    share, such as a sensitivity: 0 to 1. within: `CLOSEST` or more. level: of the interval, Clopper and
    Pearson's (1934) for k = share * n of n patients, each right or wrong as a whole. With
    t = (1 - level) / 2 its ends are the quantiles t of Beta(k, n - k + 1) and 1 - t of Beta(k + 1, n - k);
    so n is the least with

        P(Beta(k, n - k + 1) <= share - within) <= t
        P(Beta(k + 1, n - k) <= share + within) >= 1 - t

    in which k need not be whole. That is a plan, not a promise: another share may be found, and has an
    interval of its own. Raises ValueError for values out of their range.

    >>> patients_to_know(0.9, within=0.1)
    65
    >>> patients_to_know(1, within=0.1)
    36
    """
    if not 0 <= share <= 1:
        raise ValueError(f"a share must lie between 0 and 1, not {share:g}")
    if not (within >= CLOSEST and 0 < level < 1):
        raise ValueError(
            f"no interval of level {level:g} within {within:g}, which must be at least {CLOSEST:g}"
        )
    tail = (1 - level) / 2

    def is_known(patients: int) -> bool:
        right = share * patients
        wrong = patients - right
        beyond_low = beta_probability(share - within, right, wrong + 1) if right else 0.0
        beyond_high = 1 - beta_probability(share + within, right + 1, wrong) if wrong else 0.0
        return max(beyond_low, beyond_high) <= tail

    return bisect_left(range(_MOST), True, lo=1, key=is_known)


def patients_to_promise(share: float, confidence: float | None = None) -> int:
    """Fewest patients to whom a threshold can be fitted that `share` of patients to come will reach.

    share: between 0 and 1, such as the sensitivity 0.95. The threshold is the lowest of n patients; of
    patients to come, who are drawn as these were, the share that reaches it varies from one n patients to
    the next as Beta(n, 1). On average it is n / (n + 1) (split-conformal prediction, Vovk et al. 2005), so
    that n is

        the least with    n / (n + 1) >= share

    With `confidence`, between 0 and 1, it is promised of the very threshold that is fitted, in such a share
    of fittings: the low end of Clopper and Pearson's one-sided interval for n of n must reach it, so that
    n is

        the least with    (1 - confidence) ** (1 / n) >= share

    Raises ValueError for values out of their range.

    >>> patients_to_promise(0.95)
    19
    >>> patients_to_promise(0.95, confidence=0.95)
    59
    """
    if not (0 < share < 1 and 0 < (confidence or 0.5) < 1):
        raise ValueError(f"share {share:g} and confidence {confidence} must lie between 0 and 1")
    needed = share / (1 - share) if confidence is None else math.log1p(-confidence) / math.log(share)
    return max(1, math.ceil(needed - _ROUNDING))
