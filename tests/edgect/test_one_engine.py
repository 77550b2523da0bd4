"""An installation with one engine, whichever it is: the other is an extra."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from edgect.diagnostics.doctor import engines
from edgect.model.backends import BACKENDS, DEFAULT_BACKEND
from edgect.model.bundles.bundle import Bundle
from edgect.model.registry import DEFAULT_WORDS, PACKAGES, default_backend

ROOT = Path(__file__).parents[2]
# for every Python process below: neither the module nor the package's metadata is there
HIDDEN = """
import importlib.metadata as metadata, sys
original = metadata.version
def version(name):
    if name == {package!r}:
        raise metadata.PackageNotFoundError(name)
    return original(name)
metadata.version = version
sys.modules[{package!r}] = None
"""
(OTHER,) = set(BACKENDS) - {DEFAULT_BACKEND}
either = pytest.mark.parametrize(("absent", "present"), [BACKENDS, BACKENDS[::-1]])


def without(engine: str, folder: Path, *more: str) -> dict[str, str]:
    """Variables of an environment that lacks an engine. more: folders of modules."""
    (folder / "hidden").mkdir()
    (folder / "hidden" / "sitecustomize.py").write_text(HIDDEN.format(package=PACKAGES[engine]))
    paths = [str(folder / "hidden"), *more, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"PYTHONPATH": os.pathsep.join(paths), "EDGECT_CACHE_DIR": str(folder / "cache")}


def edgect(variables: dict[str, str], *arguments: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "edgect", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, env=os.environ | variables, check=False)


@either
def test_auto_takes_the_engine_that_is_there_and_says_so(
    absent: str, present: str, scan: Path, tmp_path: Path
) -> None:
    done = edgect(without(absent, tmp_path), "classify", scan, "--backend", "auto", "--format", "jsonl")
    assert done.returncode == 0
    assert json.loads(done.stdout)["backend"] == present
    assert f"auto: {present} is used, the only engine that is installed\n" in done.stderr


@either
def test_the_engine_that_is_not_there_is_named_with_what_to_do(
    absent: str, present: str, scan: Path, tmp_path: Path
) -> None:
    options = [] if absent == DEFAULT_BACKEND else ["--backend", absent]
    done = edgect(without(absent, tmp_path), "classify", scan, *options)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (3, "", 1)
    assert f"needs the package {PACKAGES[absent]}, which is not installed" in done.stderr
    assert re.search(rf"pip install \S*{PACKAGES[absent]}", done.stderr)
    assert f"or use backend {present}" in done.stderr


@either
def test_only_an_engine_that_is_needed_is_missed(
    absent: str, present: str, bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in without(absent, tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(engines, "versions", lambda packages: set(packages) - {PACKAGES[absent]})
    for needed, verdict in ((present, "note"), (absent, "fault")):
        found = engines.check_engines(PACKAGES, {needed}, [str(bundle.path)])
        findings = {finding.name.split()[0]: finding for finding in found}
        assert findings[absent].verdict == verdict
        assert findings[absent].message.startswith("not installed")
        assert re.match(rf"pip install \S*{PACKAGES[absent]}", findings[absent].advice)
        assert (f"or use --backend {present}" in findings[absent].advice) == (needed == absent)
        assert findings[present].verdict == "ok"
        assert ("default" in findings[present].message) == (present == DEFAULT_BACKEND)


@pytest.mark.parametrize(
    ("absent", "options", "exit_code"), [(OTHER, (), 0), (DEFAULT_BACKEND, ("--backend", OTHER), 0)]
)
def test_a_machine_with_the_engine_that_it_must_have_is_fit(
    absent: str, options: tuple[str, ...], exit_code: int, tmp_path: Path, no_extras: str
) -> None:
    done = edgect(without(absent, tmp_path, no_extras), "doctor", *options, "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["fit"]) == (exit_code, not exit_code)
    assert PACKAGES[absent] not in report["versions"]
    assert [f["name"] for f in report["findings"] if f["said"].startswith("not installed")] == [absent]


PLATFORMS = {
    ("linux", "x86_64"): "openvino",
    ("linux", "aarch64"): "onnxruntime",
    ("darwin", "arm64"): "openvino",
    ("darwin", "x86_64"): "openvino",
    ("win32", "AMD64"): "openvino",
}


@pytest.mark.parametrize(("system", "machine"), PLATFORMS)
def test_what_is_installed_is_the_default(system: str, machine: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    environment = {"sys_platform": system, "platform_machine": machine, "extra": ""}
    needed = [Requirement(line) for line in project["dependencies"]]
    brought = {r.name for r in needed if r.marker is None or r.marker.evaluate(environment)}
    assert brought & set(PACKAGES.values()) == {PACKAGES[default_backend(system, machine)]}
    assert default_backend(system, machine) == PLATFORMS[system, machine]
    extras = project["optional-dependencies"]
    bounds = {r.name: str(r.specifier) for r in needed}
    for backend, package in PACKAGES.items():  # the extra has the package with the same bound
        (extra,) = map(Requirement, extras[backend])
        assert (extra.name, str(extra.specifier)) == (package, bounds[package])


def test_help_names_the_default_of_every_platform() -> None:
    assert re.findall("|".join(BACKENDS), DEFAULT_WORDS) == ["openvino", "onnxruntime"]
    assert f"[default: {DEFAULT_WORDS}]" in " ".join(edgect({}, "classify", "--help").stdout.split())
