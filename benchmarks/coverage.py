"""`python -m benchmarks.coverage --out benchmarks/COVERAGE.md`: how often intervals and promises hold.

By simulation. A patient has a share of slices that are called right, drawn from a beta distribution whose
spread is the correlation of slices within a patient; scores of slices are normal, patients' means too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from edgect.calibration import thresholds
from edgect.calibration.patients import Labelled
from edgect.statistics import paired
from edgect.statistics.bootstrap import resamples
from edgect.statistics.intervals import interval_of_auc, interval_of_mean
from train.report.markdown import number, table

SEED, REPETITIONS, AREA_REPETITIONS = 0, 400, 100
PATIENTS, SLICES, CORRELATIONS = (5, 10, 20, 50), (1, 10), (0.0, 0.5)
RATES = (0.5, 0.8, 0.95, 0.99)
Random = np.random.Generator
Floats = NDArray[np.float64]

PAGE = """\
# How often intervals and promises hold

Coverage of 95 % intervals by simulation, {repetitions} repetitions each ({areas} for areas), seed {seed}.
0.95 is what is wanted; more is the price of holding for every distribution. `bootstrap` is the plain
percentile bootstrap over patients, for comparison. Correlation: of slices of one patient.

## Sensitivity, or any share
{shares}

## Area under the ROC curve, as many patients of either class
{aucs}

## Difference of two models on the same slices
The second model answers as the first but for a share of slices, among which its answers are shuffled.

{differences}

## The promised sensitivity of `edgect calibrate`
0.95 promised; the true sensitivity of thresholds fitted to so many patients with COVID-19, on average, and
how often a single one reaches what is promised.

{promises}
"""


def shares(rng: Random) -> Iterator[list[str]]:
    for patients, slices, correlation, rate in _grid(RATES):
        held = np.zeros(2)
        for _ in range(REPETITIONS):
            right, units = _right(rng, patients, slices, rate, correlation)
            held += (
                _within(interval_of_mean(right, units, draws=1000), rate),
                _within(_plain(right, units), rate),
            )
        yield _row(patients, slices, correlation, rate, *(held / REPETITIONS))


def areas(rng: Random) -> Iterator[list[str]]:
    for patients, slices, correlation, area in _grid((0.7, 0.9, 0.98)):
        shift, hits = np.sqrt(2) * _normal_quantile(area), 0
        for _ in range(AREA_REPETITIONS):
            labels = np.repeat([0, 1], patients * slices)
            units = np.repeat(np.arange(2 * patients), slices).astype(str)
            means = rng.normal(0, np.sqrt(correlation), 2 * patients).repeat(slices)
            scores = means + rng.normal(0, np.sqrt(1 - correlation), len(labels)) + shift * labels
            hits += _within(interval_of_auc(labels, scores, list(units), draws=500), area)
        yield _row(patients, slices, correlation, area, hits / AREA_REPETITIONS)


def differences(rng: Random) -> Iterator[list[str]]:
    for patients in PATIENTS:
        for discordant in (0.0, 0.1, 0.3):
            hits = 0
            for _ in range(REPETITIONS):
                first, units = _right(rng, patients, 1, 0.8, 0.0)
                turned = rng.random(patients) < discordant
                second = np.where(turned, rng.permutation(first), first)
                found = paired.difference_of_shares(first, second, units)
                hits += _within((found.low or 0.0, found.high or 0.0), 0.0)
            yield [str(patients), number(discordant, 1), number(hits / REPETITIONS)]


def promises(rng: Random) -> Iterator[list[str]]:
    for patients in (19, 29, 39, 80):
        true = []
        for _ in range(REPETITIONS):
            units = np.arange(patients).astype(str)
            fitted = Labelled(rng.normal(0, 1, patients), np.ones(patients, bool), units)
            true.append(1 - _normal_probability(thresholds.screening(fitted, 0.95)))
        reached = np.mean([value >= 0.95 for value in true])
        yield [str(patients), number(float(np.mean(true))), number(float(reached))]


def _grid(values: tuple[float, ...]) -> Iterator[tuple[int, int, float, float]]:
    cells = [
        (patients, slices, correlation, value)
        for patients in PATIENTS
        for slices in SLICES
        for correlation in CORRELATIONS
        for value in values
        if slices > 1 or correlation == 0
    ]
    yield from tqdm(cells, desc="simulating", disable=None)


def _right(
    rng: Random, patients: int, slices: int, rate: float, correlation: float
) -> tuple[Floats, NDArray[np.str_]]:
    """Whether each slice is called right, 0 or 1, and whose it is."""
    if correlation:
        spread = 1 / correlation - 1
        chances = rng.beta(rate * spread, (1 - rate) * spread, patients)
    else:
        chances = np.full(patients, rate)
    right = rng.random((patients, slices)) < chances[:, None]
    return right.ravel().astype(float), np.repeat(np.arange(patients), slices).astype(str)


def _plain(right: Floats, units: NDArray[np.str_]) -> tuple[float, float]:
    means = [right[drawn].mean() for drawn in resamples(list(units), 200)]
    low, high = np.percentile(means, (2.5, 97.5))
    return float(low), float(high)


def _within(interval: tuple[float, float] | None, value: float) -> bool:
    return interval is not None and interval[0] - 1e-9 <= value <= interval[1] + 1e-9


def _normal_probability(value: float) -> float:
    from scipy.stats import norm

    return float(norm.cdf(value))


def _normal_quantile(probability: float) -> float:
    from scipy.stats import norm

    return float(norm.ppf(probability))


def _row(patients: int, slices: int, correlation: float, value: float, *covered: float) -> list[str]:
    cells = [str(patients), str(slices), number(correlation, 1), number(value, 2)]
    return [*cells, *(number(float(each)) for each in covered)]


@click.command()
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
def main(out: Path) -> None:
    """Simulate, and write the tables."""
    columns = ["patients", "slices of each", "correlation", "truth"]

    def simulated(simulation: Callable[[Random], Iterator[list[str]]], head: list[str]) -> str:
        return table(head, list(simulation(np.random.default_rng(SEED))))

    page = PAGE.format(
        repetitions=REPETITIONS,
        areas=AREA_REPETITIONS,
        seed=SEED,
        shares=simulated(shares, [*columns, "coverage", "bootstrap"]),
        aucs=simulated(areas, [*columns, "coverage"]),
        differences=simulated(differences, ["patients", "share shuffled", "coverage"]),
        promises=simulated(promises, ["patients", "sensitivity", "promise kept"]),
    )
    out.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
