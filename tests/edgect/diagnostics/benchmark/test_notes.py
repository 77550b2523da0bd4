from __future__ import annotations

from dataclasses import replace

from edgect.diagnostics.benchmark.notes import notes
from tests.edgect.diagnostics.benchmark.test_table import FIGURES, REPORT

STEADY = replace(FIGURES, network_p50_ms=4.0, network_p95_ms=5.0)
SLICES = replace(REPORT.slices, unanswered=0)


def test_a_clean_run_needs_none() -> None:
    assert notes(REPORT.machine, SLICES, [STEADY]) == []


def test_invented_slices_are_said_to_tell_little_of_agreement() -> None:
    (note,) = notes(REPORT.machine, replace(SLICES, source="invented"), [STEADY])
    assert "agreement" in note
    assert "PATH" in note


def test_a_busy_machine_is_told_of() -> None:
    (note,) = notes(REPORT.machine, SLICES, [STEADY, replace(STEADY, network_p95_ms=8.1)])
    assert "busy" in note


def test_capped_instruction_sets_are_told_of() -> None:
    (note,) = notes(replace(REPORT.machine, caps={"ONEDNN_MAX_CPU_ISA": "AVX2"}), SLICES, [STEADY])
    assert "ONEDNN_MAX_CPU_ISA=AVX2" in note


def test_missing_memory_has_its_reason() -> None:
    (note,) = notes(REPORT.machine, SLICES, [replace(STEADY, peak_mb=None)])
    assert "Memory" in note
