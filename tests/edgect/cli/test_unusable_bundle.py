"""A bundle that is unfinished, or was refused when it was made: every command says so, and none answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from edgect.cli import main
from edgect.model.bundles import seal
from edgect.model.bundles.manifest import MANIFEST

REASON = "openvino int8 against openvino fp32: 94 of 118 labels agree"
SAID = {"unfinished": "the bundle is unfinished", "refused": f"was refused when it was made: {REASON}"}
ADVICE = {"unfinished": "let what makes it finish", "refused": "use another bundle"}


@pytest.fixture(params=SAID)
def unusable(request: pytest.FixtureRequest, bundle_copy: Path) -> tuple[Path, str]:
    """A bundle's folder, as `deploy` leaves it, and its state."""
    states: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
        "unfinished": seal.unfinished,
        "refused": lambda document: seal.refused(document, REASON),
    }
    document = json.loads((bundle_copy / MANIFEST).read_text())
    (bundle_copy / MANIFEST).write_text(seal.text_of(states[request.param](document)))
    return bundle_copy, request.param


@pytest.mark.parametrize("command", ["classify", "evaluate", "serve", "listen"])
def test_it_is_loaded_by_nothing(
    command: str, unusable: tuple[Path, str], tmp_path: Path, scan: Path
) -> None:
    if command == "serve":
        pytest.importorskip("starlette", reason="needs edgect[serve]")
    if command == "listen":
        pytest.importorskip("pynetdicom", reason="needs edgect[dicom]")
    folder, state = unusable
    (tmp_path / "table.csv").write_text(f"path,label\n{scan},COVID-19\n")
    arguments = {
        "classify": [scan],
        "evaluate": [tmp_path / "table.csv"],
        "serve": ["--port", 0],
        "listen": ["--port", 0, "--spool", tmp_path / "spool", "--out", tmp_path / "out"],
    }[command]
    line = [command, *map(str, arguments), "--model", str(folder)]
    done = CliRunner().invoke(main, line, catch_exceptions=False)
    assert (done.exit_code, done.stdout) == (3, "")
    assert f"{folder / MANIFEST}: " in done.stderr
    assert SAID[state] in done.stderr


@pytest.mark.long
def test_doctor_says_what_to_do_about_it_and_not_to_copy_it(unusable: tuple[Path, str]) -> None:
    folder, state = unusable
    done = CliRunner().invoke(main, ["doctor", "--json", "--model", str(folder)])
    assert done.exit_code == 3, done.output
    (finding,) = [one for one in json.loads(done.stdout)["findings"] if one["name"] == str(folder)]
    assert (finding["part"], finding["verdict"]) == ("bundles", "fault")
    assert SAID[state] in finding["said"]
    assert ADVICE[state] in finding["advice"]
    assert "copy the bundle again" not in finding["advice"]
