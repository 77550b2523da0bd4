"""The report of a benchmark as text for people."""

from __future__ import annotations

from collections.abc import Iterator

from edgect.diagnostics.benchmark.report import BenchmarkReport, Comparison, Figures, Slices
from edgect.rows import text_report

NAME = 13  # columns
GROUPS = {"network, ms": 2, "from file, ms": 2, "folder": 1, "fresh start, s": 2, "peak memory, MB": 2}
HEADS = ("p50", "p95", "p50", "p95", "slices/s", "first", "later", "1 slice", "folder")
CELL = 9


def table(report: BenchmarkReport) -> str:
    """All that the report says, ending in a line break."""
    machine, model = report.machine, f"{report.model}, manifest {report.digest[:12]}"
    sets = machine.instruction_sets
    facts = {
        "date": report.date,
        "machine": f"{machine.cpu}; {machine.cores} of {machine.cores_in_all} cores may be used",
        "instructions": "unknown" if sets is None else ", ".join(sets) or "none that matters",
        "system": f"{machine.system} {machine.architecture}",
        "versions": ", ".join(f"{name} {version}" for name, version in report.versions.items()),
        "model": f"{model}, on {_threads(report)}",
        "slices": _slices(report.slices),
    }
    lines = [*text_report.facts(facts, NAME)]
    lines += ["", *_figures(report), ""]
    for comparison in report.int8_to_fp32:
        lines += text_report.wrapped("", _agreement(comparison))
    lines += text_report.notes(report.notes)
    return text_report.document([*lines, *text_report.wrapped("", report.notice)])


def _threads(report: BenchmarkReport) -> str:
    counts = sorted({str(f.threads) for f in report.engines})
    return f"{' or '.join(counts)} {'thread' if counts == ['1'] else 'threads'}"


def _slices(slices: Slices) -> str:
    origin = "invented by edgect" if slices.source == "invented" else f"in {slices.files} files given"
    return f"{slices.answered} {origin}"


def _figures(report: BenchmarkReport) -> Iterator[str]:
    yield (" " * NAME + "".join(g.rjust(CELL * n) for g, n in GROUPS.items())).rstrip()
    yield text_report.row("", HEADS, NAME, CELL)
    ratios = {comparison.backend: comparison for comparison in report.int8_to_fp32}
    for backend in dict.fromkeys(f.backend for f in report.engines):
        rows = [f for f in report.engines if f.backend == backend]
        yield f"{backend} {rows[0].version}"
        for row in rows:
            yield text_report.row(f"  {row.precision}", _cells(row), NAME, CELL)
        if backend in ratios:
            yield text_report.row("  speed-up", _ratios(ratios[backend]), NAME, CELL)
    for engine in report.unusable:
        yield engine.backend
        yield from text_report.wrapped("  ", engine.reason)


def _cells(row: Figures) -> list[str]:
    milliseconds = (row.network_p50_ms, row.network_p95_ms, row.answer_p50_ms, row.answer_p95_ms)
    memory = (row.peak_mb, row.folder_peak_mb)
    return [
        *(f"{value:.2f}" for value in milliseconds),
        f"{row.slices_per_second:.1f}",
        f"{row.first_start_s:.2f}",
        f"{row.start_s:.2f}",
        *("-" if value is None else f"{value:.0f}" for value in memory),
    ]


def _ratios(c: Comparison) -> list[str]:
    """How many times as fast, under the figures that it is the ratio of."""
    return [f"{c.network:.2f}x", "", f"{c.answer:.2f}x", "", f"{c.folder:.2f}x", "", f"{c.start:.2f}x"]


def _agreement(c: Comparison) -> str:
    share = 100 * c.same_label / c.slices
    return (
        f"{c.backend}: INT8 and FP32 give the same label on {c.same_label} of {c.slices} slices "
        f"({share:.1f} %); their probabilities differ by {c.largest_difference:.4f} at most."
    )
