"""The beta distribution in plain Python, and Clopper and Pearson's exact interval, which rests on it."""

from __future__ import annotations

import math

LEVEL = 0.95  # of intervals
_SMALL, _PRECISION, _TERMS = 1e-300, 1e-15, 100_000


def beta_probability(value: float, a: float, b: float) -> float:
    """Probability of at most `value` under Beta(a, b): the regularized incomplete beta function, 0 to 1.

    a, b: above 0. By the continued fraction 26.5.8 of Abramowitz and Stegun (1964).

    >>> round(beta_probability(0.5, 2, 3), 6)
    0.6875
    """
    if not (a > 0 and b > 0):
        raise ValueError(f"both parameters of a beta distribution must be above 0, not {a} and {b}")
    if value <= 0 or value >= 1:
        return float(value >= 1)
    if value > (a + 1) / (a + b + 2):  # the fraction converges fast below the mean
        return 1 - beta_probability(1 - value, b, a)
    front = a * math.log(value) + b * math.log1p(-value) - math.log(a)
    front -= math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    return math.exp(front) / _fraction(value, a, b)


def beta_quantile(probability: float, a: float, b: float) -> float:
    """Value, 0 to 1, which a draw from Beta(a, b) does not exceed with `probability`, 0 to 1; by bisection.

    >>> round(beta_quantile(0.025, 17, 1), 4)
    0.8049
    """
    low, high = 0.0, 1.0
    while low < (middle := (low + high) / 2) < high:
        if beta_probability(middle, a, b) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def clopper_pearson(count: float, of: float, level: float = LEVEL) -> tuple[float, float]:
    """Exact interval, both ends 0 to 1, of a proportion: `count` of `of` independent units (1934).

    It holds the true proportion in at least the share `level` of experiments, whatever that proportion is.
    Of 0 or of all units one end is 0 or 1 itself.

    >>> [round(end, 3) for end in clopper_pearson(17, 17)]
    [0.805, 1.0]
    """
    if not 0 <= count <= of or of <= 0:
        raise ValueError(f"{count} of {of} units are no proportion")
    tail = (1 - level) / 2
    low = beta_quantile(tail, count, of - count + 1) if count > 0 else 0.0
    high = beta_quantile(1 - tail, count + 1, of - count) if count < of else 1.0
    return low, high


def _fraction(value: float, a: float, b: float) -> float:
    """Denominator of the incomplete beta function, 1 + d1 / (1 + d2 / (1 + ...)), by Lentz (1976)."""
    result = numerators = 1.0
    denominators = 0.0
    for term in range(1, _TERMS):
        denominators = 1 + _coefficient(term, value, a, b) * denominators
        denominators = 1 / (denominators or _SMALL)
        numerators = 1 + _coefficient(term, value, a, b) / numerators or _SMALL
        result *= numerators * denominators
        if abs(numerators * denominators - 1) < _PRECISION:
            break
    return result


def _coefficient(term: int, value: float, a: float, b: float) -> float:
    half = term // 2
    if term % 2:
        return -(a + half) * (a + b + half) * value / ((a + 2 * half) * (a + 2 * half + 1))
    return half * (b - half) * value / ((a + 2 * half - 1) * (a + 2 * half))
