"""Whether two samples are of one distribution: Kolmogorov and Smirnov's test, population stability index."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

_TERMS = 100
BINS = 10  # of the index: tenths of the baseline
_HALF = 0.5  # added to each bin's count, so that an empty bin gives no infinity


@dataclass(frozen=True)
class KolmogorovSmirnov:
    """distance: largest difference of the two distribution functions, 0 to 1, at `at`. p_value: 0 to 1."""

    distance: float
    at: float
    p_value: float


def kolmogorov_smirnov(first: ArrayLike, second: ArrayLike) -> KolmogorovSmirnov:
    """Test whether two samples are of one distribution, two-sided.

    The p-value is the asymptotic one with Stephens' correction (1970, J. R. Stat. Soc. B 32:115) for small
    samples. Where values are equal it is too large rather than too small, so that a test errs to the side of
    no difference.

    Parameters
    ----------
    first, second : array_like of float, shape (n,) and (m,)
        Independent values, no NaN.

    Raises
    ------
    ValueError
        A sample is empty.

    Examples
    --------
    >>> kolmogorov_smirnov([1, 2, 3, 4], [5, 6, 7, 8]).distance
    1.0
    """
    a, b = _sorted(first), _sorted(second)
    values = np.concatenate([a, b])
    differences = np.searchsorted(a, values, "right") / len(a) - np.searchsorted(b, values, "right") / len(b)
    place = int(np.argmax(np.abs(differences)))
    distance = float(abs(differences[place]))
    size = math.sqrt(len(a) * len(b) / (len(a) + len(b)))
    return KolmogorovSmirnov(
        distance, float(values[place]), _kolmogorov((size + 0.12 + 0.11 / size) * distance)
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values for their number, so that the chance of any false alarm keeps to the level (Holm 1979).

    Parameters
    ----------
    p_values : sequence of float
        Of tests that may depend on each other in any way.

    Examples
    --------
    >>> holm([0.01, 0.5, 0.02])
    [0.03, 0.5, 0.04]
    """
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted, least = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = least
    return adjusted


@dataclass(frozen=True)
class StabilityIndex:
    """edges: inner ones of the bins. index: 0 and more. expected: on average where nothing has changed."""

    index: float
    expected: float
    edges: tuple[float, ...]


def population_stability(baseline: ArrayLike, current: ArrayLike) -> StabilityIndex:
    """Measure by how much the shares of bins differ: the sum of (q − p) ln(q / p).

    Bins are by the baseline's tenths. Customary words are "none" below 0.1, "some" up to 0.25 and "large"
    above; with few values the index is above 0 by chance, as `expected` says.

    Parameters
    ----------
    baseline, current : array_like of float, shape (n,) and (m,)
        Values without NaN. Equal tenths, as of a baseline with few different values, make fewer bins.

    Raises
    ------
    ValueError
        A sample is empty.

    Examples
    --------
    >>> population_stability([1, 2, 3, 4], [1, 2, 3, 4]).index
    0.0
    """
    a, b = _sorted(baseline), _sorted(current)
    tenths = np.quantile(a, np.arange(1, BINS) / BINS, method="inverted_cdf")
    edges = np.unique(tenths[tenths < a[-1]])
    p, q = _shares(a, edges), _shares(b, edges)
    index = float(((q - p) * np.log(q / p)).sum())
    return StabilityIndex(index, len(edges) * (1 / len(a) + 1 / len(b)), tuple(map(float, edges)))


def _sorted(values: ArrayLike) -> NDArray[np.float64]:
    array = np.sort(np.asarray(values, np.float64))
    if not len(array):
        raise ValueError("a sample is empty")
    return array


def _shares(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of bins that reach up to each edge, that included."""
    counts = np.diff([0, *np.searchsorted(values, edges, "right"), len(values)]) + _HALF
    shares: NDArray[np.float64] = counts / counts.sum()
    return shares


def _kolmogorov(value: float) -> float:
    """Probability that Kolmogorov's distribution is above a value."""
    if value < 0.2:  # where it is 1 to twelve digits, and the series converges slowly
        return 1.0
    total: float = sum((-1) ** (k - 1) * math.exp(-2 * (k * value) ** 2) for k in range(1, _TERMS))
    return min(1.0, max(0.0, 2 * total))
