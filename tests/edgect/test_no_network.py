"""The program where sockets fail for real: it works, and nothing in it tries to get one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edgect.model.backends import BACKENDS

HOOK = Path(__file__).with_name("cage")
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """Where attempts are written."""
    return tmp_path / "attempts"


@pytest.fixture
def caged(record: Path) -> Run:
    """Run Python with these arguments in the cage."""

    def run(*arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
        home = {"HOME": str(record.with_name("home")), "XDG_CACHE_HOME": ""}
        env = {**os.environ, **home, "PYTHONPATH": str(HOOK), "CAGE": str(record), **variables}
        line = [sys.executable, *map(str, arguments)]
        return subprocess.run(line, capture_output=True, text=True, env=env)

    return run


def test_the_cage_holds(caged: Run, record: Path) -> None:
    done = caged("-c", "import socket; socket.getaddrinfo('localhost', 80)")
    assert "no network: socket.getaddrinfo" in done.stderr
    assert "socket.getaddrinfo" in record.read_text()
    if not record.with_name("attempts.native").exists():
        pytest.skip("no seccomp here: native code is not held")
    done = caged("-c", "import ctypes; ctypes.CDLL(None).socket(2, 1, 0)")
    assert done.returncode == -signal.SIGSYS


MADE = ["--cam", "CAM", "--report", "REPORT", "--series", "SERIES", "-o", "ROWS"]
COMMANDS = {
    "version": ["--version"],
    **{f"classify {name}": ["classify", "SCANS", "--backend", name, *MADE] for name in BACKENDS},
    "evaluate": ["evaluate", "TABLE", "--plots", "PLOTS", "--record", "RECORD"],
    "compare": ["compare", "TABLE", "--model", "lungs", "--model", "cnn2", "--report", "REPORT"],
    "calibrate": ["calibrate", "TABLE", "--unlabelled", "--out", "OWN"],
    "benchmark": ["benchmark", "SCANS", "--seconds", "0", "--precision", "int8", "--backend", "openvino"],
    "doctor": ["doctor", "--json"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_wants_a_socket(caged: Run, record: Path, scans: Path, tmp_path: Path, name: str) -> None:
    table = tmp_path / "table.csv"
    labels = zip(("a.png", "b.png"), ("COVID-19", "not COVID-19"), strict=True)
    table.write_text("path,label\n" + "".join(f"{scans / name},{label}\n" for name, label in labels))
    names = {
        "CAM": "cam",
        "REPORT": "report.html",
        "SERIES": "series.csv",
        "ROWS": "rows.csv",
        "PLOTS": "plots",
        "OWN": "own",
        "RECORD": "record.json",
    }
    places = {name: str(tmp_path / place) for name, place in names.items()}
    places |= {"SCANS": str(scans), "TABLE": str(table)}
    done = caged("-m", "edgect", *(places.get(word, word) for word in COMMANDS[name]))
    assert done.returncode == 0, done.stderr
    assert not record.exists(), record.read_text()
    # where onnxruntime keeps the id by which its telemetry knows a machine, long before it sends anything
    assert not list(tmp_path.glob("home/**/*onnxruntime*"))
    if name == "doctor":  # all that it examines in processes of their own went well in the cage, too
        assert json.loads(done.stdout)["fit"] is True


@pytest.mark.parametrize("before", ["", "import openvino_telemetry as theirs"])
def test_openvino_does_not_get_at_its_telemetry(caged: Run, record: Path, scans: Path, before: str) -> None:
    pytest.importorskip("openvino_telemetry")
    program = (
        "import sys\n"
        f"{before}\n"
        "from edgect import Classifier\n"
        "assert Classifier(backend='openvino').predict(sys.argv[1]).status == 'ok'\n"
        "from openvino.tools.ovc import telemetry_utils, utils\n"
        "print(telemetry_utils.tm.__name__, utils.tm.__name__, sys.modules['openvino_telemetry'])\n"
    )
    done = caged("-c", program, scans / "a.png")
    assert done.returncode == 0, done.stderr
    first, second, left = done.stdout.split(maxsplit=2)
    assert {first, second} == {"openvino.tools.ovc.telemetry_stub"}
    assert ("module" in left) is bool(before)  # who had it before has it still
    said = record.read_text() if record.exists() else ""
    assert "socket." not in said
    assert ("openvino_telemetry in" in said) is bool(before)
