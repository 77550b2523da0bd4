"""A comparison as a table for people."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean

from edgect.monitor.comparison import LEVEL, MIN_STUDIES, QUANTITIES, Comparison, Test
from edgect.monitor.studies import Period
from edgect.rows import NOTICE
from edgect.rows.text_report import wrapped

MEANINGS = {
    "probability": "mean probability of COVID-19 of a study's answered slices",
    "distance": "mean distance of its slices from the training slices, as the gate measures it",
    "unanswered": "share of its slices without an answer",
}
_SOME, _LARGE = 0.1, 0.25  # customary words for the population stability index
_ROW = "{:<12} {:>9} {:>9} {:>8} {:>9} {:>9} {:>6} {:>9}  {}"


def table(found: Comparison) -> Iterator[str]:
    """Lines."""
    yield from wrapped("baseline  ", _period(found.baseline))
    yield from wrapped("period    ", _period(found.current))
    yield f"bundle    {found.bundle}"
    yield ""
    yield _ROW.format("quantity", "baseline", "period", "KS", "p", "adjusted", "PSI", "by chance", "")
    for test in found.tests:
        yield _row(test)
    yield ""
    for quantity in QUANTITIES:
        yield from wrapped(f"{quantity:<12} ", MEANINGS[quantity])
    if untested := set(QUANTITIES) - {test.quantity for test in found.tests}:
        yield from wrapped(
            "", f"Not tested, since fewer than {MIN_STUDIES} studies have it: {', '.join(sorted(untested))}."
        )
    yield from wrapped(
        "",
        "Columns: means of studies; Kolmogorov and Smirnov's distance with its p-value; that value "
        f"adjusted for {len(found.tests)} tests (Holm) and {found.looks} looks (Bonferroni); the population "
        f"stability index (customarily none below {_SOME}, large above {_LARGE}) and what it is on average "
        "without drift.",
    )
    yield from wrapped(
        "",
        f"Drift is an adjusted p-value of at most {LEVEL} with a distance of at least {found.least:g}: in "
        f"{found.looks} looks without drift the chance of any false alarm is at most {100 * LEVEL:g} %, "
        "where studies are independent.",
    )
    yield NOTICE
    yield ""
    yield (
        f"DRIFT: {', '.join(test.quantity for test in found.tests if test.drift)}"
        if found.drift
        else "no drift"
    )


def _period(of: Period) -> str:
    return f"{len(of.studies):,} studies with {of.slices:,} slices, {of.first} to {of.last}"


def _row(test: Test) -> str:
    return _ROW.format(
        test.quantity,
        f"{fmean(test.baseline):.3f}",
        f"{fmean(test.current):.3f}",
        f"{test.test.distance:.3f}",
        f"{test.test.p_value:.2g}",
        f"{test.adjusted:.2g}",
        f"{test.stability.index:.3f}",
        f"{test.stability.expected:.3f}",
        "DRIFT" if test.drift else "",
    ).rstrip()
