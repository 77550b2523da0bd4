"""The report of an evaluation as text for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgect.evaluate.report import Counts, Coverage, Estimate, GroupCounts, Groups, Point, Report
from edgect.rows import text_report
from edgect.rows.formats import printable

NAME, CELL = 14, 13  # columns
POINT_COLUMNS = ("threshold", "accuracy", "sensitivity", "specificity", "precision", "F1")
TITLES = {"f1": "F1", "auc": "AUC"}
REASONS = 5  # of rows without an answer


def table(report: Report) -> str:
    """All that the report says, ending in a line break."""
    lines = [*text_report.facts(_facts(report), NAME, break_on_hyphens=False)]
    if report.groups:
        lines += ["", *_groups(report.groups)]
    answered, intended = report.answered, report.intention_to_diagnose
    columns = (f"({answered.slices})", f"({intended.slices})")
    lines += [
        "",
        *_metrics("slice", report.data.unit, columns, answered, intended),
        "",
        *_confusion(answered),
    ]
    lines += ["", *_points(report.operating_points), "", *_calibration(report), ""]
    lines += text_report.notes(report.notes, break_on_hyphens=False)
    lines += text_report.wrapped("", report.notice, break_on_hyphens=False)
    return text_report.document(lines)


def _facts(report: Report) -> dict[str, str]:
    model, data, coverage = report.model, report.data, report.coverage
    by = f"{model.backend} {model.engine}, {model.precision}, {model.threads} threads"
    unit = f" of {data.units} patients" if data.unit == "patient" else ""
    reasons = list(coverage.reasons.items())
    why = "; ".join(f"{count} x {reason}" for reason, count in reasons[:REASONS])
    more = f"; and {len(reasons) - REASONS} more reasons" if len(reasons) > REASONS else ""
    facts = {
        "scans": printable(data.source),
        "date": f"{report.date}, edgect {report.version}",
        "model": f"{model.name}, manifest {model.digest[:12]} | {by}",
        "threshold": f"{model.threshold:.6g} ({model.operating_point or 'given'})",
        "truth": (
            f"{data.positives} slices COVID-19, {data.negatives} not, in {data.files} files{unit}; "
            f"intervals by {data.unit}"
        ),
        "answered": f"{coverage.answered} of {coverage.rows} slices; {_unanswered(coverage)}",
    }
    return facts | ({"no answer": why + more} if why else {})


def _unanswered(coverage: Coverage) -> str:
    counts = {"rejected": coverage.rejected, "error": coverage.error, "indeterminate": coverage.indeterminate}
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count or name != "indeterminate")


def _groups(groups: Groups) -> Iterator[str]:
    answered, intended = groups.answered, groups.intention_to_diagnose
    behind = f" of {groups.series} series" if groups.by == "patient" else ""
    plural = _plural(groups.by)
    facts = {
        plural: (
            f"{groups.positives} COVID-19, {groups.negatives} not{behind}; {answered.count} of "
            f"{groups.count} labelled, {groups.indeterminate} indeterminate; intervals drawn by "
            f"{groups.unit}, of which there are {groups.units}"
        ),
        "rule": groups.rule,
    }
    yield from text_report.facts(facts, NAME, break_on_hyphens=False)
    yield ""
    yield from _metrics(
        groups.by, groups.unit, (f"({answered.count})", f"({intended.count})"), answered, intended
    )
    yield ""
    yield from _confusion(answered)
    yield ""
    yield from _points(groups.operating_points)


def _plural(by: str) -> str:
    return by if by == "series" else f"{by}s"


def _metrics(
    by: str,
    unit: str,
    counts: tuple[str, str],
    answered: Counts | GroupCounts,
    intended: Counts | GroupCounts,
) -> Iterator[str]:
    yield " " * NAME + f"{f'answered {_plural(by)}':<32}every {by}; no answer is wrong"
    yield " " * NAME + f"{counts[0]:<32}{counts[1]}"
    for name, estimate in answered.metrics.items():
        of_all = intended.metrics.get(name)
        cells = _estimate(estimate).ljust(32) + (_estimate(of_all) if of_all else "")
        yield (TITLES.get(name, name).ljust(NAME) + cells).rstrip()
    yield " " * NAME + f"with 95 % intervals, exact where each {unit} is one {by}; - of one {unit} alone"


def _estimate(estimate: Estimate) -> str:
    if estimate.value is None:
        return "undefined"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.3f} (-)"
    return f"{estimate.value:.3f} ({estimate.low:.3f} to {estimate.high:.3f})"


def _confusion(answered: Counts | GroupCounts) -> Iterator[str]:
    counted = answered.confusion
    yield " " * NAME + "said COVID-19".rjust(15) + "said not".rjust(15)
    yield "COVID-19".ljust(NAME) + f"{counted.tp:>15}{counted.fn:>15}"
    yield "not COVID-19".ljust(NAME) + f"{counted.fp:>15}{counted.tn:>15}"


def _points(points: Sequence[Point]) -> Iterator[str]:
    yield text_report.row("point", POINT_COLUMNS, NAME, CELL)
    for point in points:
        cells = [f"{point.threshold:.6g}", *(_cell(value) for value in point.metrics.values())]
        yield text_report.row(point.name, cells, NAME, CELL)


def _cell(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


def _calibration(report: Report) -> Iterator[str]:
    calibration = report.calibration
    summary = (
        f"Brier score {_cell(calibration.brier)}, expected calibration error "
        f"{_cell(calibration.expected_calibration_error)} ({_bins(len(calibration.bins))})"
    )
    yield from text_report.facts({"calibration": summary}, NAME, break_on_hyphens=False)
    if calibration.bins:
        yield (" " * NAME + "probability".rjust(17) + f"{'mean':>13}{'COVID-19':>13}{'slices':>13}")
    for bin in calibration.bins:
        span = f"{bin.lowest:.3f} to {bin.highest:.3f}"
        yield " " * NAME + f"{span:>17}{bin.probability:>13.3f}{bin.share:>13.3f}{bin.count:>13}"


def _bins(count: int) -> str:
    return f"{count} bins of equal counts" if count > 1 else f"{count or 'no'} bin: too few slices for more"
