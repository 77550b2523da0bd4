"""Commands and programs of README and tutorials, in their order, where the reader is said to be."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import in_process
from tests.edgect.scans import dicom_files
from tests.edgect.synthetic import write_scan

ROOT = Path(__file__).parents[1]
COMMAND = re.compile(r"^\$ (.+)$", re.MULTILINE)
# what makes a command of the tutorial quick; what it does is the same
QUICK = {
    "python -m train finetune": "--steps 2 --every 1 --precision fp32 --threads 1",
    "python -m deploy export": "--steps 2",
}


def commands(tutorial: str) -> list[str]:
    return COMMAND.findall((ROOT / "docs" / tutorial).read_text(encoding="utf-8"))


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    quick = next((options for start, options in QUICK.items() if command.startswith(start)), "")
    words = f"{command} {quick}".split()
    program = ["-m", "edgect"] if words[0] == "edgect" else []
    environment = {name: value for name, value in os.environ.items() if name != "EDGECT_DATA"}
    return subprocess.run(
        [sys.executable, *program, *words[1:]],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )


@pytest.fixture
def st_anna(tmp_path: Path) -> Path:
    """56 patients, half of them with COVID-19, in folders of DICOM and as PNG."""
    folder = tmp_path
    hospital = folder / "hospital"
    lines = ["path,label,patient"]
    for number in range(1, 57):
        patient = f"SA{number:03}"
        if number <= 4:
            path = hospital / "pacs" / patient
            path.mkdir(parents=True)
            (path / "IM0001.dcm").write_bytes(
                dicom_files.write(dicom_files.ct(dicom_files.hounsfield(number)))
            )
        else:
            path = write_scan(hospital / "exports" / f"{patient}.png", number)
        label = "COVID-19" if number % 2 else "not COVID-19"
        lines.append(f"{path.relative_to(hospital)},{label},{patient}")
    (hospital / "st-anna.csv").write_text("\n".join(lines) + "\n")
    (hospital / "st-anna.about.json").write_text('{"name": "St Anna", "licence": "internal"}')
    return folder


def test_a_hospitals_own_data(st_anna: Path) -> None:
    """Of fine-tuning the options alone, and the calibrated bundle for the tuned one: that takes minutes."""
    for command in commands("hospital.md"):
        if command.startswith("python -m "):
            done = knows(command)
        else:
            done = run(command.replace("hospital/tuned", "hospital/calibrated"), st_anna)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        assert "Traceback" not in done.stderr
    check(st_anna, "calibrated")


@pytest.mark.slow
def test_a_hospitals_own_data_and_network(st_anna: Path) -> None:
    for command in commands("hospital.md"):
        done = run(command, st_anna)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        assert "Traceback" not in done.stderr
    check(st_anna, "calibrated", "tuned")


def knows(command: str) -> subprocess.CompletedProcess[str]:
    """Whether `python -m train` or `deploy` has all options of a command."""
    from deploy.__main__ import main as deploy
    from train.commands import main as train

    _, _, module, *words = command.split()
    return in_process.run({"deploy": deploy, "train": train}[module], *words, "--help")


def check(folder: Path, *bundles: str) -> None:
    for bundle in bundles:
        done = run(f"edgect doctor --model hospital/{bundle}", folder)
        assert done.returncode == 0, done.stdout
        assert "St Anna" in (folder / "hospital" / bundle / "MODEL_CARD.md").read_text(encoding="utf-8")
    rows = (folder / "hospital" / "rows.csv").read_text().splitlines()
    assert len(rows) == 53
    assert rows[1].split(",")[1] == "ok"


CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
SERVER = re.compile(r"edgect (serve|listen) ")
SECONDS = 300  # a safety net, for what would never end


def console(page: str) -> list[str]:
    """What stands after `$` in blocks of a terminal."""
    blocks = CONSOLE.findall((ROOT / page).read_text(encoding="utf-8"))
    return [command for block in blocks for command in COMMAND.findall(block)]


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Where `examples/` lies and the program is `edgect`."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name, words in {"edgect": "-m edgect", "python": ""}.items():
        (programs / name).write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {words} "$@"\n')
        (programs / name).chmod(0o755)
    return tmp_path


def environment(desk: Path) -> dict[str, str]:
    path = f"{desk / '.venv/bin'}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(desk / "state")}


def is_open(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(command: str, desk: Path, port: int) -> Iterator[None]:
    """A service of the tutorial, once it takes connections, until the tutorial ends."""
    with (desk / "service.log").open("w+") as log:
        process = subprocess.Popen(shlex.split(command), cwd=desk, env=environment(desk), stderr=log)
        try:
            end = time.monotonic() + SECONDS
            while not is_open(port) and time.monotonic() < end:
                assert process.poll() is None, (desk / "service.log").read_text()
                time.sleep(0.1)
            yield
        finally:
            process.terminate()
            process.wait(SECONDS)


def follow(page: str, desk: Path) -> None:
    """Run every command of a page; a service runs beside those after it, at a port that is free."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    commands = [re.sub(r"\b(8765|11112)\b", str(port), command) for command in console(page)]
    assert commands
    servers = [command for command in commands if SERVER.match(command)]
    for number, command in enumerate(commands):
        if servers and command == servers[0]:
            with running(command, desk, port):
                for rest in commands[number + 1 :]:
                    step(rest, desk)
            return
        step(command, desk)


def step(command: str, desk: Path) -> None:
    line = ["bash", "-euo", "pipefail", "-c", command]
    done = subprocess.run(
        line, cwd=desk, env=environment(desk), capture_output=True, text=True, timeout=SECONDS
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "page", ["README.md", "docs/start.md", "docs/tutorials/folder.md", "docs/how-to/update.md"]
)
def test_commands(page: str, desk: Path) -> None:
    follow(page, desk)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_a_kiosk(desk: Path) -> None:
    pytest.importorskip("starlette", reason="needs edgect[serve]")
    follow("docs/tutorials/kiosk.md", desk)
    assert (desk / "map.png").read_bytes().startswith(b"\x89PNG")
    assert "edgect_rows_total" in (desk / "metrics.txt").read_text()


def test_a_dicom_node(desk: Path) -> None:
    pytest.importorskip("pynetdicom", reason="needs edgect[dicom]")
    from tests.edgect.services.listen.listen_process import series

    series(desk / "ct", 3)
    follow("docs/tutorials/dicom-node.md", desk)
    assert list((desk / "reports").glob("report-*.dcm"))


@pytest.mark.parametrize("page", ["README.md", "docs/tutorials/python.md"])
def test_programs(page: str, desk: Path) -> None:
    """The blocks of a page are one program."""
    (desk / "scans").symlink_to(ROOT / "examples/scans")
    shutil.copy(ROOT / "examples/scans/covid-saopaulo-0001.webp", desk / "scan.png")
    program = "\n".join(PYTHON.findall((ROOT / page).read_text(encoding="utf-8")))
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=desk, env=environment(desk), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "COVID-19" in done.stdout
