"""The DICOM node's systemd unit and Containerfile: their own commands under what they allow."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.edgect.audit.trails import check, contents
from tests.edgect.services.listen.listen_process import WAIT, needs_dcmtk, series, until
from tests.examples import cage
from tests.examples.asked import free_port

EXAMPLES = Path(__file__).parents[2] / "examples"
UNIT, CONTAINERFILE = EXAMPLES / "edgect-listen.service", EXAMPLES / "Containerfile.listen"
PORT, METRICS_PORT = "11112", "11113"
needs_cage = pytest.mark.skipif(bool(cage.missing()), reason=str(cage.missing()))


def joined(file: Path) -> list[str]:
    """Its lines without comments, those that go on put together."""
    return re.sub(r"^#.*\n", "", file.read_text(), flags=re.M).replace("\\\n", " ").splitlines()


def healthy(port: int, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, f"the node ended with {process.returncode}"
    try:
        connection = HTTPConnection("127.0.0.1", port, timeout=240)
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        time.sleep(0.2)
        return False


def sent(port: int, files: list[Path], title: str) -> None:
    line = ["storescu", "-aec", "EDGECT", "-aet", title, "127.0.0.1", str(port), *map(str, files)]
    subprocess.run(line, check=True, capture_output=True, timeout=WAIT)


@needs_cage
@needs_dcmtk
@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_the_units_command_answers_with_only_the_calls_it_is_allowed(tmp_path: Path) -> None:
    settings: dict[str, list[str]] = {}
    for line in joined(UNIT):
        name, _, value = line.partition("=")
        settings.setdefault(name, []).append(value)
    ports = {PORT: str(free_port()), METRICS_PORT: str(free_port())}
    folders = {"%C": ("/var/cache", "cache"), "%S": ("/var/lib", "state"), "%L": ("/var/log", "logs")}
    options = ["--tmpfs", "/opt", "--symlink", sys.prefix, "/opt/edgect"]
    for root, name in folders.values():
        (tmp_path / name).mkdir()
        options += ["--tmpfs", root, "--bind", str(tmp_path / name), f"{root}/edgect-listen"]

    def placed(text: str) -> str:
        for written, meant in {**{sign: root for sign, (root, _) in folders.items()}, **ports}.items():
            text = text.replace(written, meant)
        return text

    variables = dict(one.split("=", 1) for line in settings["Environment"] for one in placed(line).split())
    command = placed(settings["ExecStart"][0]).split()
    with (tmp_path / "log").open("w+b") as log:
        calls = cage.allowed(settings["SystemCallFilter"])
        process = cage.start([*command, "--quiet", "0.2"], options, variables, calls, log)
        try:
            until(lambda: healthy(int(ports[METRICS_PORT]), process))
            sent(int(ports[PORT]), series(tmp_path / "sent", 1), "ANYBODY")
            until(lambda: list((tmp_path / "state/results").glob("*.dcm")))
        finally:
            process.terminate()
            process.wait(60)
    assert list((tmp_path / "cache").iterdir()), "OpenVINO kept no compiled model"
    assert sorted(file.name for file in (tmp_path / "state").iterdir()) == ["edgect", "results", "spool"]
    assert check(tmp_path / "logs").good
    assert [line["event"] for line in contents(tmp_path / "logs")][:2] == ["answer", "result"]


@needs_cage
@needs_dcmtk
def test_the_containers_command_answers_and_its_health_check_finds_it_well(tmp_path: Path) -> None:
    said = dict(line.split(maxsplit=1) for line in joined(CONTAINERFILE) if line)  # of each the last
    ports = {PORT: str(free_port()), METRICS_PORT: str(free_port())}

    def command(text: str) -> list[str]:
        for written, meant in {**ports, "0.0.0.0": "127.0.0.1"}.items():
            text = text.replace(written, meant)
        return [str(word) for word in json.loads(text)]

    assert said["USER"] == "1000:1000"
    line = [*command(said["ENTRYPOINT"]), *command(said["CMD"]), "--quiet", "0.2"]
    health = command(said["HEALTHCHECK"].split("CMD", 1)[1])
    variables = dict(word.split("=", 1) for word in said["ENV"].split())
    options = ["--tmpfs", "/opt", "--symlink", sys.prefix, "/opt/edgect"]
    for number, folder in enumerate(said["VOLUME"].split()):
        (tmp_path / str(number)).mkdir()
        options += ["--tmpfs", str(Path(folder).parent), "--bind", str(tmp_path / str(number)), folder]
    with (tmp_path / "log").open("w+b") as log:
        process = cage.start(line, options, variables, log=log)
        try:
            until(lambda: healthy(int(ports[METRICS_PORT]), process))
            assert cage.start(health, options, variables, log=log).wait() == 0
            sent(int(ports[PORT]), series(tmp_path / "sent", 1), "CT1")
            until(lambda: list(tmp_path.glob("*/results/*.dcm")))
        finally:
            process.terminate()
            process.wait(60)
        assert cage.start(health, options, variables, log=log).wait() != 0
