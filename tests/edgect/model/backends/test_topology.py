"""Machines, or containers, that do not tell OpenVINO of their processors."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edgect.errors import EngineError
from edgect.model.backends import topology

SCAN = Path(__file__).parents[4] / "examples" / "scans" / "covid-saopaulo-0001.webp"
SYS = "sys/devices/system/cpu/"
CACHE = "cpu0/cache/index0/shared_cpu_list"
SECONDS = 240  # a safety net, for what would hang without end

linux = pytest.mark.skipif(sys.platform != "linux", reason="of Linux")


def root(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@linux
@pytest.mark.parametrize(
    "files",
    [
        {"proc/cpuinfo": "processor\t: 0\n"},
        {SYS + "possible": "0-3\n", SYS + "online": "0-3\n", SYS + CACHE: "0-1\n"},
        {SYS + "possible": "0-3\n", SYS + "online": "0,2-3\n", SYS + CACHE: "0-1\n"},
        {
            SYS + "possible": "0-1\n",
            SYS + "online": "0-1\n",
            SYS + "cpu0/cpufreq/cpuinfo_max_freq": "3000000\n",
        },
    ],
)
def test_enough_is_told(tmp_path: Path, files: dict[str, str]) -> None:
    topology.check(root(tmp_path, **files))


@linux
@pytest.mark.parametrize(
    "files",
    [
        {},
        {SYS + "possible": "0-3\n"},
        {SYS + "possible": "0-3\n", SYS + "online": "0-3\n"},
        {SYS + "possible": "0\n", SYS + "online": "0\n", SYS + CACHE: "0\n"},
        {SYS + "possible": "\n", SYS + "online": "0-3\n", SYS + CACHE: "0-1\n"},
        {SYS + "online": "0-3\n", SYS + CACHE: "0-1\n"},
        {"proc/cpuinfo/a": "a folder in its place\n"},
    ],
)
def test_too_little_is_told(tmp_path: Path, files: dict[str, str]) -> None:
    with pytest.raises(EngineError, match=r"cpuinfo.*--backend onnxruntime"):
        topology.check(root(tmp_path, **files))


CAGE = ["bwrap", "--bind", "/", "/", "--dev-bind", "/dev", "/dev", "--tmpfs", "/proc", "--tmpfs", "/sys"]


def bare(*arguments: object) -> subprocess.CompletedProcess[str]:
    """`edgect ARGUMENTS` where /proc and /sys are empty."""
    line = [*CAGE, "--die-with-parent", sys.executable, "-m", "edgect", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, timeout=SECONDS)


def no_cage() -> bool:
    return not shutil.which("bwrap") or subprocess.run([*CAGE, "true"], capture_output=True).returncode != 0


caged = pytest.mark.skipif(no_cage(), reason="bubblewrap cannot be used here")


@caged
def test_without_proc_and_sys_openvino_is_an_error_and_onnx_runtime_answers() -> None:
    done = bare("classify", SCAN, "--backend", "openvino")
    assert (done.returncode, done.stdout) == (3, "")
    assert "/proc/cpuinfo" in done.stderr
    assert "--backend onnxruntime" in done.stderr
    done = bare("classify", SCAN, "--backend", "onnxruntime", "--format", "csv")
    assert done.returncode == 0
    assert ",ok," in done.stdout


@pytest.mark.long
@caged
def test_doctor_says_which_engine_to_use_without_proc_and_sys(
    no_extras: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", no_extras)
    done = bare("doctor")
    assert "--backend onnxruntime" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "NOT fit for edgect: 1 fault" in done.stdout  # the default is there, but cannot be used
    done = bare("doctor", "--backend", "onnxruntime")
    assert (done.returncode, "is fit for edgect" in done.stdout) == (0, True)
