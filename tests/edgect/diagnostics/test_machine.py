from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from edgect.diagnostics.machine import describe_machine

CPUINFO = Path("/proc/cpuinfo")


def test_the_machine_is_described() -> None:
    machine = describe_machine()
    assert machine.cpu
    assert machine.system
    assert 1 <= machine.cores <= machine.cores_in_all
    assert json.loads(json.dumps(asdict(machine)))["cores"] == machine.cores


@pytest.mark.skipif(not CPUINFO.exists(), reason="needs /proc/cpuinfo")
@pytest.mark.parametrize(
    ("flag", "name"), [("avx2", "AVX2"), ("avx512_vnni", "AVX-512 VNNI"), ("amx_int8", "AMX INT8")]
)
def test_instruction_sets_are_the_systems(flag: str, name: str) -> None:
    sets = describe_machine().instruction_sets
    assert sets is not None
    assert (name in sets) == (flag in CPUINFO.read_text().split())


def test_caps_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    assert "ONEDNN_MAX_CPU_ISA" not in describe_machine().caps
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    assert describe_machine().caps["ONEDNN_MAX_CPU_ISA"] == "AVX2"
