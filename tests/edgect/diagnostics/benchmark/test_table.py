from __future__ import annotations

from dataclasses import replace

import pytest

from edgect.diagnostics.benchmark.report import BenchmarkReport, Comparison, Figures, Slices, Unusable
from edgect.diagnostics.benchmark.table import table
from edgect.diagnostics.machine import Machine

FIGURES = Figures(
    backend="openvino",
    precision="int8",
    version="2026.4.1",
    threads=2,
    network_p50_ms=1234.567,
    network_p95_ms=2345.678,
    answer_p50_ms=3456.789,
    answer_p95_ms=14567.891,
    calls=30,
    slices_per_second=12345.67,
    passes=2,
    pass_slices=64,
    start_s=123.456,
    starts=3,
    first_start_s=234.567,
    peak_mb=12345.6,
    folder_peak_mb=23456.7,
)
REPORT = BenchmarkReport(
    schema=1,
    notice="Research use only.",
    date="2026-01-02T03:04:05+00:00",
    machine=Machine("Some CPU", 2, 4, [f"SET-{number}" for number in range(30)], {}, "Linux 6", "x86_64"),
    versions={"edgect": "1"},
    model="lungs",
    digest="0123456789abcdef",
    threads=None,
    slices=Slices("given", 9, 8, 1),
    engines=[FIGURES, replace(FIGURES, precision="fp32", network_p50_ms=2469.134)],
    int8_to_fp32=[Comparison("openvino", 2.0, 1.0, 1.0, 1.0, 8, 7, 0.0321)],
    unusable=[Unusable("onnxruntime", "cannot be used: " + "because " * 30)],
    notes=["Mind " + "this " * 40],
)


def test_it_is_readable_at_100_columns_however_large_the_figures() -> None:
    assert max(map(len, table(REPORT).splitlines())) <= 100


def test_cells_stay_apart_and_under_their_heads() -> None:
    lines = table(REPORT).splitlines()
    (row,) = (line for line in lines if line.startswith("  int8"))
    assert row.split()[1:] == [
        "1234.57",
        "2345.68",
        "3456.79",
        "14567.89",
        "12345.7",
        "234.57",
        "123.46",
        "12346",
        "23457",
    ]
    (heads,) = (line for line in lines if "p50" in line)
    assert row.index("1234.57") + len("1234.57") == heads.index("p50") + len("p50")
    assert row.index("12345.7 ") + len("12345.7") == heads.index("slices/s") + len("slices/s")


@pytest.mark.parametrize(
    "words",
    [
        "Some CPU",
        "lungs",
        "0123456789ab",
        "2.00x",
        "7 of 8",
        "87.5 %",
        "0.0321",
        "cannot be used",
        "Mind this",
    ],
)
def test_it_says(words: str) -> None:
    assert words in table(REPORT)


def test_what_the_system_does_not_tell_is_shown_as_such() -> None:
    machine = replace(REPORT.machine, instruction_sets=None)
    engines = [replace(FIGURES, peak_mb=None, folder_peak_mb=None)]
    text = table(replace(REPORT, machine=machine, engines=engines, int8_to_fp32=[]))
    assert "unknown" in text
    (row,) = (line for line in text.splitlines() if line.startswith("  int8"))
    assert row.split()[-2:] == ["-", "-"]


def test_it_is_ascii_whatever_the_names() -> None:
    assert table(replace(REPORT, model="Lüngen\x1b")).isascii()
