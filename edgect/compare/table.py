"""A comparison as text for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from edgect.compare.report import Comparison, Difference, Level
from edgect.compare.sides import OUTCOMES
from edgect.evaluate.report import Model
from edgect.rows import text_report
from edgect.rows.formats import printable

NAME, CELL = 14, 12  # columns
TITLES = {"auc": "AUC"}


def table(comparison: Comparison) -> str:
    """All that the comparison says, ending in a line break."""
    lines = [*text_report.facts(facts(comparison), NAME, break_on_hyphens=False), "", *figures(comparison)]
    lines += text_report.wrapped("", comparison.notice, break_on_hyphens=False)
    return text_report.document(lines)


def figures(comparison: Comparison) -> Iterator[str]:
    """Lines of all figures and notes."""
    for level in reversed(comparison.levels.values()):  # what was asked for first
        yield from _level(level)
        yield ""
    yield from text_report.notes(comparison.notes, break_on_hyphens=False)


def facts(comparison: Comparison) -> dict[str, str]:
    """What was compared on what, by name."""
    data, first = comparison.data, comparison.first
    patients = f" of {data.units} patients" if data.unit == "patient" else ""
    part = f", {comparison.part} part" if comparison.part else ""
    return {
        "scans": printable(data.source) + part,
        "date": f"{comparison.date}, edgect {comparison.version}",
        "A": _model(first),
        "B": _model(comparison.second),
        "engine": f"{first.backend} {first.engine}, {first.precision}, {first.threads} threads",
        "truth": (
            f"{data.positives} slices COVID-19, {data.negatives} not, in {data.files} files{patients}; "
            f"intervals drawn by {data.unit}"
        ),
    }


def _model(model: Model) -> str:
    point = model.operating_point or "given"
    return f"{model.name}, manifest {model.digest[:12]}, threshold {model.threshold:.6g} ({point})"


def _level(level: Level) -> Iterator[str]:
    coverage, plural = level.coverage, plural_of(level.by)
    summary = (
        f"{level.positives} COVID-19, {level.negatives} not; A answers on {coverage.first}, B on "
        f"{coverage.second}, both on {coverage.both}, neither on {coverage.neither}; {level.changed} have "
        "another label with B, or lose or gain one"
    )
    yield from text_report.facts({plural: summary}, NAME, break_on_hyphens=False)
    yield ""
    yield from _differences(f"{plural} that both answer on ({coverage.both})", level.answered)
    yield ""
    yield from _differences(
        f"every {level.by}; no answer is wrong ({level.count})", level.intention_to_diagnose
    )
    yield " " * NAME + f"with paired 95 % intervals by {level.unit}; p by McNemar's exact test"
    yield ""
    yield from _outcomes(level)


def plural_of(by: str) -> str:
    return by if by == "series" else f"{by}s"


def _differences(title: str, differences: Mapping[str, Difference]) -> Iterator[str]:
    yield " " * NAME + title
    yield " " * NAME + f"{'A':>7}{'B':>9}    {'B - A':<28}p"
    for name, each in differences.items():
        cells = f"{_share(each.first):>7}{_share(each.second):>9}    {_interval(each):<28}{_p(each.p)}"
        yield (TITLES.get(name, name).ljust(NAME) + cells).rstrip()


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _interval(each: Difference) -> str:
    if each.difference is None:
        return "undefined"
    if each.low is None or each.high is None:
        return f"{each.difference:+.3f}"
    return f"{each.difference:+.3f} ({each.low:+.3f} to {each.high:+.3f})"


def _p(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}" if value >= 0.001 else "< 0.001"


def _outcomes(level: Level) -> Iterator[str]:
    """A's outcomes in rows, B's in columns, COVID-19 and the others apart."""
    counts = {(each.first, each.second): each for each in level.outcomes}
    yield (
        text_report.row(plural_of(level.by), [f"B {name}" for name in OUTCOMES], NAME, CELL + 4)
        + "   (COVID-19 + not)"
    )
    for first in OUTCOMES:
        cells = [
            f"{counts[first, second].positives} + {counts[first, second].negatives}" for second in OUTCOMES
        ]
        yield text_report.row(f"A {first}", cells, NAME, CELL + 4)
