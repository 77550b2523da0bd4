"""What instruction sets are said to mean."""

from __future__ import annotations

import pytest

from edgect.diagnostics.doctor.hardware import check_hardware, int8_support
from edgect.diagnostics.machine import describe_machine
from edgect.machine import cgroups


@pytest.mark.parametrize(
    ("sets", "architecture", "verdict", "expected"),
    [
        (["SSE4.1", "AVX2", "FMA", "AVX-VNNI"], "x86_64", "ok", "best"),
        (["SSE4.1", "AVX2", "AVX-512", "AVX-512 VNNI", "AMX INT8"], "AMD64", "ok", "best"),
        (["SSE4.1", "AVX2", "FMA", "AVX-512"], "x86_64", "note", "no VNNI"),
        (["SSE4.1"], "x86_64", "note", "no AVX2"),
        ([], "x86_64", "note", "no SSE4.1"),
        (["NEON", "NEON dot product"], "aarch64", "ok", "best"),
        (["NEON"], "aarch64", "note", "no dot product"),
        (None, "arm64", "ok", "does not tell"),
    ],
)
def test_a_processor_is_described_in_a_few_words(
    sets: list[str] | None, architecture: str, verdict: str, expected: str
) -> None:
    actual_verdict, description = int8_support(sets, architecture)
    assert actual_verdict == verdict
    assert expected in description


def test_a_containers_quota_and_memory_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroups, "cores", lambda: 0.5)
    monkeypatch.setattr(cgroups, "memory", lambda: (500_000_000, 100_000_000))
    findings = {finding.name: finding for finding in check_hardware(describe_machine())}
    assert findings["cores"].message.startswith("1 of ")
    assert findings["cores"].message.endswith("the CPU quota is 0.5")
    assert findings["memory"].verdict == "note"
    assert "100 of 500 MB are free" in findings["memory"].message
