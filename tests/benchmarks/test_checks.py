"""The benchmarks' checks can fail: the untimed ones, on bundles that were spoiled on purpose."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.harness.interleaved import medians
from benchmarks.spoil import spoil
from edgect.model.bundles.bundle import Bundle

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]


def parity(bundle: Path) -> subprocess.CompletedProcess[str]:
    what = ["benchmarks/test_parity.py", "--benchmark-only", "--variations", "4", "--bundle", str(bundle)]
    command = [sys.executable, "-m", "pytest", *what]
    # and not as a worker of pytest-xdist, in which nothing is benchmarked
    env = {name: value for name, value in os.environ.items() if name != "EDGECT_DATA" and "XDIST" not in name}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(Bundle.load().path, tmp_path / "spoiled"))


def test_parity_fails_on_int8_files_of_another_network(copy: Path) -> None:
    spoil(copy, answers=True)
    done = parity(copy)
    assert done.returncode == 1
    assert "2 failed, 1 passed" in done.stdout
    assert "label agreement below" in done.stdout
    assert "probability off by over" in done.stdout


def test_parity_passes_on_int8_files_that_hold_the_fp32_network(copy: Path) -> None:
    spoil(copy, answers=False)
    done = parity(copy)
    assert done.returncode == 0, done.stdout
    assert "agrees with FP32 on 100.00%" in done.stdout


def test_alternatives_take_turns() -> None:
    calls: list[str] = []
    seconds = medians({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=4)
    assert calls == ["a", "b", *"ab", *"ba", *"ab", *"ba"]
    assert set(seconds) == {"a", "b"}
