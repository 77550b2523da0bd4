from __future__ import annotations

from pathlib import Path

import pytest

from edgect.machine.processor import identity

CORE = "processor\t: {number}\nmodel name\t: Kiosk {number}\ncpu MHz\t: {mhz}\nflags\t: fpu avx2\nbugs\t:\n\n"


def write(path: Path, mhz: int = 2000, cores: int = 2) -> Path:
    path.write_text("".join(CORE.format(number=number, mhz=mhz) for number in range(cores)))
    return path


def test_the_first_core_is_told_by_what_stays_the_same(tmp_path: Path) -> None:
    properties = identity(write(tmp_path / "cpuinfo"))
    assert (properties["model name"], properties["flags"]) == ("Kiosk 0", "fpu avx2")
    assert properties == identity(write(tmp_path / "later", mhz=800, cores=1))


def test_caps_on_the_instruction_set_are_part_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    free = identity(write(tmp_path / "cpuinfo"))
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    assert identity(tmp_path / "cpuinfo") == {**free, "ONEDNN_MAX_CPU_ISA": "AVX2"}


def test_a_system_that_tells_nothing_is_told_by_its_architecture(tmp_path: Path) -> None:
    assert identity(tmp_path / "none")["machine"]
