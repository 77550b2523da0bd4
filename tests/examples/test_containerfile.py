"""The Containerfile: what it says, and its command on a root that cannot be written to."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.edgect.audit import trails
from tests.examples import cage
from tests.examples.asked import classified, free_port

ROOT = Path(__file__).parents[2]
FILE = ROOT / "examples/Containerfile"
SCAN = ROOT / "examples/scans/covid-saopaulo-0001.webp"


def stages() -> list[list[tuple[str, str]]]:
    """Instructions and what they say, stage by stage, lines that go on put together."""
    text = re.sub(r"^#.*\n", "", FILE.read_text(), flags=re.M).replace("\\\n", " ")
    found: list[list[tuple[str, str]]] = []
    for line in filter(None, text.splitlines()):
        name, said = line.split(maxsplit=1)
        if name == "FROM":
            found.append([])
        if found:
            found[-1].append((name, said))
    return found


def last(name: str) -> str:
    """What the image that is kept says last."""
    return [said for instruction, said in stages()[-1] if instruction == name][-1]


def test_it_is_built_apart_runs_as_nobody_in_particular_and_holds_what_it_needs() -> None:
    build, kept = stages()
    install, slim = (said for name, said in build if name == "RUN")
    assert install.endswith('".[serve,dicom]"')
    assert slim.startswith("/opt/edgect/bin/python examples/slim.py &&")
    assert slim.endswith("/opt/edgect/bin/edgect doctor")  # which fails the build where too much is gone
    assert last("USER") == "1000:1000"
    assert not [said for name, said in kept if name in ("RUN", "COPY") and "pip" in said]
    for name, said in build:
        if name == "COPY":
            assert all((ROOT / path).exists() for path in said.split()[:-1])


@pytest.mark.skipif(bool(cage.missing()), reason=str(cage.missing()))
def test_its_command_answers_and_its_health_check_finds_it_well(tmp_path: Path) -> None:
    port, secret = free_port(), tmp_path / "token"
    secret.write_text("a-token-of-these-tests-0123456789\n")
    command = json.loads(last("CMD").replace("8765", str(port)).replace("0.0.0.0", "127.0.0.1"))
    check = json.loads(last("HEALTHCHECK").split("CMD", 1)[1].replace("8765", str(port)))
    variables = dict(word.split("=", 1) for word in last("ENV").split())
    cache, trail = last("VOLUME").split()
    (kept := tmp_path / "trail").mkdir()
    options = ["--tmpfs", "/opt", "--symlink", sys.prefix, "/opt/edgect", "--tmpfs", "/var/cache"]
    options += ["--ro-bind", str(secret), "/run/secrets/edgect-token", "--tmpfs", cache]
    options += ["--tmpfs", "/var/log", "--bind", str(kept), trail]
    with (tmp_path / "log").open("w+b") as log:
        process = cage.start(command, options, variables, log=log)
        try:
            row = classified(port, SCAN, secret.read_text().strip(), process)
            assert cage.start(check, options, variables, log=log).wait() == 0
        finally:
            process.terminate()
            process.wait(30)
        assert cage.start(check, options, variables, log=log).wait() != 0
    assert (row["path"], row["status"]) == (SCAN.name, "ok")
    assert (trails.check(kept).good, len(trails.contents(kept))) == (True, 1)


@pytest.mark.slow
@pytest.mark.skipif(bool(cage.missing()), reason=str(cage.missing()))
def test_an_engine_builds_it_and_what_it_built_answers(tmp_path: Path) -> None:
    """`EDGECT_BASE_IMAGE` names an image with Python that podman has already; packages are fetched."""
    base = os.environ.get("EDGECT_BASE_IMAGE")
    if not base or not shutil.which("podman"):
        pytest.skip("podman and EDGECT_BASE_IMAGE are needed")
    name, port, secret = "localhost/edgect-of-the-tests", free_port(), tmp_path / "token"
    secret.write_text("a-token-of-these-tests-0123456789\n")
    build = ["podman", "build", "--network", "host", "--format", "docker", "--build-arg", f"BASE={base}"]
    subprocess.run([*build, "-t", name, "-f", str(FILE), str(ROOT)], check=True)
    mount = subprocess.run(["podman", "image", "mount", name], check=True, capture_output=True, text=True)
    command = json.loads(last("CMD").replace("8765", str(port)).replace("0.0.0.0", "127.0.0.1"))
    variables = dict(word.split("=", 1) for word in last("ENV").split())
    more = ["--ro-bind", str(secret), "/run/secrets/edgect-token"]
    more += [word for folder in last("VOLUME").split() for word in ("--tmpfs", folder)]
    process = cage.start(command, more, variables, root=Path(mount.stdout.strip()))
    try:
        row = classified(port, SCAN, secret.read_text().strip(), process)
    finally:
        process.terminate()
        process.wait(30)
        subprocess.run(["podman", "image", "unmount", name], check=True)
    assert (row["path"], row["status"]) == (SCAN.name, "ok")
