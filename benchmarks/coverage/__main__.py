"""`python -m benchmarks.coverage --out benchmarks/COVERAGE.md`: coverage, and the page that shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import numpy as np
from scipy.stats import multivariate_normal, norm
from tqdm import tqdm

from benchmarks.coverage import exact, simulated
from benchmarks.coverage.setting import WANTED, WIDE, Coverage, Results, Setting, cells, clusters, two_errors
from train.report.markdown import number, table

SEED = 0
RATES, AREAS = (0.5, 0.8, 0.95, 0.99), (0.7, 0.9, 0.98)
MODELS = (((0.8, 0.8), 1.0), ((0.8, 0.8), 0.7), ((0.9, 0.7), 0.7), ((0.9, 0.7), 0.0), ((0.95, 0.5), 0.5))
PROMISED, FITTING = 0.95, (19, 29, 39, 80)

PAGE = """\
# How often intervals and promises hold

Coverage of 95 % intervals, and their mean width. 0.95 is what is wanted; more is the price of holding for
every distribution. Of patients of one slice it is summed over every outcome, but for areas; else it is
simulated, with {repetitions} repetitions ({area_repetitions} for areas) of seed {seed}, by which a coverage
of 0.95 is known to {error}, two standard errors ({area_error} for areas).
Correlation: of slices of one patient. `bootstrap`: coverage of the plain percentile bootstrap over patients,
for comparison.

## What it shows
{shown}

## Sensitivity, or any share
{shares}

## Area under the ROC curve, as many patients of either class
{areas}

## Difference of two models on the same slices
`truth`: the share that each model calls right; the correlation of the normal values that decide which
slices are. At 1.0 they are one model.

{differences}

## The promised sensitivity of `edgect calibrate`
{promised} promised; the true sensitivity of thresholds fitted to so many patients with COVID-19, on
average, and how often a single one reaches what is promised.

{promises}
"""


def shares() -> Iterator[tuple[Setting, Coverage]]:
    rng = np.random.default_rng(SEED)
    for patients, slices, correlation, rate in clusters(RATES):
        setting = Setting(patients, slices, correlation, number(rate, 2))
        if slices == 1:
            yield setting, exact.share(patients, rate)
        else:
            yield setting, simulated.share(rng, patients, slices, correlation, rate)


def areas() -> Iterator[tuple[Setting, Coverage]]:
    rng = np.random.default_rng(SEED)
    for patients, slices, correlation, area in clusters(AREAS):
        setting = Setting(patients, slices, correlation, number(area, 2))
        yield setting, simulated.area(rng, patients, slices, correlation, area)


def differences() -> Iterator[tuple[Setting, Coverage]]:
    rng = np.random.default_rng(SEED)
    for patients, slices, correlation, place in clusters(tuple(range(len(MODELS)))):
        (first, second), between = MODELS[int(place)]
        setting = Setting(patients, slices, correlation, f"{first:.2f}, {second:.2f}; {between:.1f}")
        if slices == 1:
            both = _both_right(first, second, between)
            chances = (second - both, 1 - first - second + 2 * both, first - both)
            yield setting, exact.difference(patients, chances, first - second)
        else:
            rates = (first, second)
            yield setting, simulated.difference(rng, patients, slices, correlation, rates, between)


def promises() -> Iterator[list[str]]:
    rng = np.random.default_rng(SEED)
    for patients in FITTING:
        yield [str(patients), *map(number, simulated.promise(rng, patients, PROMISED))]


def _both_right(first: float, second: float, between: float) -> float:
    """Probability that two normal values of this correlation lie below their quantiles."""
    if between == 1:
        return min(first, second)
    quantiles = norm.ppf([first, second])
    return float(multivariate_normal.cdf(quantiles, cov=[[1, between], [between, 1]]))


def shown(results: Mapping[str, Results]) -> str:
    """In sentences: how often the truth is covered, and where intervals are short or wide."""
    lines = []
    for name, own in results.items():
        covered = [each.covered for each in own.values()]
        short = [setting for setting, each in own.items() if each.short]
        wide = sorted({setting.patients for setting, each in own.items() if each.width > WIDE})
        never = sum(each.covered > 0.9995 for each in own.values())
        lines.append(
            f"- {name}: covered in {min(covered):.3f} to {max(covered):.3f} of experiments, "
            f"{float(np.median(covered)):.3f} in the middle one of {len(own)} settings; in {never} the truth "
            f"is never missed, so that intervals are wider than they need be. "
            + (
                f"Too short in {len(short)}: {'; '.join(map(_told, short))}. "
                if short
                else f"Nowhere shorter than a coverage of {WANTED} asks for. "
            )
            + (f"With {_listed(wide)} patients some are wider than {WIDE} on average." if wide else "")
        )
    return "\n".join(line.rstrip() for line in lines)


def _told(setting: Setting) -> str:
    return (
        f"{setting.patients} patients of {setting.slices}, correlation {setting.correlation:g}, "
        f"truth {setting.truth}"
    )


def _listed(numbers: list[int]) -> str:
    return " and ".join(filter(None, [", ".join(map(str, numbers[:-1])), str(numbers[-1])]))


@click.command()
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
def main(out: Path) -> None:
    """Compute, simulate, and write the tables."""
    kinds = {"Shares": shares, "Areas": areas, "Differences": differences}
    results: dict[str, Results] = {
        name: dict(tqdm(kind(), desc=name.lower(), unit="setting", disable=None))
        for name, kind in kinds.items()
    }
    head = ["patients", "slices of each", "correlation", "truth", "coverage", "width"]
    tables = {
        name.lower(): table(
            [*head, "bootstrap"] if name == "Shares" else head, [cells(*pair) for pair in own.items()]
        )
        for name, own in results.items()
    }
    page = PAGE.format(
        repetitions=simulated.REPETITIONS,
        seed=SEED,
        area_repetitions=simulated.AREA_REPETITIONS,
        error=number(two_errors(simulated.REPETITIONS)),
        area_error=number(two_errors(simulated.AREA_REPETITIONS)),
        shown=shown(results),
        promised=PROMISED,
        promises=table(["patients", "sensitivity", "promise kept"], list(promises())),
        **tables,
    )
    out.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
