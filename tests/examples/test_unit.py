"""The systemd unit: what systemd says of it, and its own command under what it allows."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.edgect.audit.trails import check, contents
from tests.examples import cage
from tests.examples.asked import classified, free_port

UNIT = Path(__file__).parents[2] / "examples/edgect-serve.service"
UNITS = (UNIT, UNIT.with_name("edgect-listen.service"))
SCAN = UNIT.parent / "scans/covid-saopaulo-0001.webp"
PROGRAM = Path(sys.prefix) / "bin/edgect"

needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")


def settings() -> dict[str, list[str]]:
    """Every line of the unit that sets something, by its name."""
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            name, value = line.split("=", 1)
            found.setdefault(name, []).append(value)
    return found


@needs_systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_finds_nothing_wrong_with_it(unit: Path, tmp_path: Path) -> None:
    here = tmp_path / unit.name
    here.write_text(unit.read_text().replace("/opt/edgect/bin/edgect", sys.executable))
    done = subprocess.run(["systemd-analyze", "verify", str(here)], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_calls_its_exposure_low(unit: Path) -> None:
    """1.2 of 10; half of that is being a server at all."""
    line = ["systemd-analyze", "security", "--offline=true", "--threshold=12", "--no-pager", str(unit)]
    done = subprocess.run(line, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@needs_systemd
@pytest.mark.skipif(bool(cage.missing()), reason=str(cage.missing()))
def test_its_command_answers_as_an_unprivileged_user_with_only_the_calls_it_is_allowed(
    tmp_path: Path,
) -> None:
    """An unprivileged user, a root that cannot be written to, and only the system calls that are allowed."""
    found, port = settings(), free_port()
    token = tmp_path / "token"
    token.write_text("a-token-of-these-tests-0123456789\n")
    cache, state, logs = (tmp_path / name for name in ("cache", "state", "logs"))
    for folder in (cache, state, logs):
        folder.mkdir()
    places = {
        "%d": "/run/credentials/edgect-serve.service",
        "%C": "/var/cache",
        "%S": "/var/lib",
        "%L": "/var/log",
        "8765": str(port),
    }

    def placed(text: str) -> str:
        for written, meant in places.items():
            text = text.replace(written, meant)
        return text

    variables = dict(one.split("=", 1) for line in found["Environment"] for one in placed(line).split())
    options = ["--tmpfs", "/opt", "--symlink", sys.prefix, "/opt/edgect"]
    options += ["--tmpfs", "/var/cache", "--bind", str(cache), variables["EDGECT_CACHE_DIR"]]
    options += ["--tmpfs", "/var/lib", "--bind", str(state), f"{variables['XDG_STATE_HOME']}/edgect"]
    options += ["--tmpfs", "/var/log", "--bind", str(logs), f"/var/log/{found['LogsDirectory'][0]}"]
    options += ["--ro-bind", str(token), placed("%d/token")]
    calls = cage.allowed(found["SystemCallFilter"])
    with (tmp_path / "log").open("w+b") as log:
        process = cage.start(placed(found["ExecStart"][0]).split(), options, variables, calls, log)
        try:
            row = classified(port, SCAN, token.read_text().strip(), process)
        finally:
            process.terminate()
            process.wait(30)
    assert (row["path"], row["status"], row["backend"]) == (SCAN.name, "ok", "openvino")
    assert list(cache.iterdir()), "OpenVINO kept no compiled model"
    assert [file.name for file in state.iterdir()] == ["salt"]
    assert (check(logs).good, len(contents(logs))) == (True, 1)


@pytest.mark.skipif(sys.platform != "linux", reason="of Linux")
@pytest.mark.parametrize(("backend", "loads"), [("openvino", False), ("onnxruntime", True)])
def test_what_the_unit_says_of_memory_that_is_written_and_executed(backend: str, loads: bool) -> None:
    """Where this fails, `MemoryDenyWriteExecute=` and the comment above it are to be changed."""
    deny = (
        "import ctypes, os, sys\n"
        "if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0): sys.exit(77)  # PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN\n"
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    line = [sys.executable, "-c", deny, str(PROGRAM), "classify", str(SCAN), "--backend", backend]
    done = subprocess.run(line, capture_output=True, text=True, env={"EDGECT_CACHE_DIR": ""})
    if done.returncode == 77:
        pytest.skip("this Linux is older than 6.3")
    assert done.returncode == (0 if loads else 3), done.stderr
    assert settings()["MemoryDenyWriteExecute"] == ["no"]
