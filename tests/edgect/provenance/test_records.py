"""Records of runs, and what is said to differ between two."""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgect.errors import UsageError
from edgect.model.bundles.bundle import Bundle
from edgect.provenance import differences, earlier, record, write
from edgect.provenance.environment import code
from edgect.sources.parts import fixed_parts
from edgect.sources.table import read_table

Record = Callable[..., dict[str, Any]]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    lines = ["path,label,patient"]
    for number in range(20):
        (tmp_path / f"{number}.png").write_bytes(b"slice %d" % number)
        lines.append(f"{number}.png,{number % 2},p{number}")
    table = tmp_path / "t.csv"
    table.write_text("\n".join(lines))
    return table


@pytest.fixture
def make(table: Path, bundle: Bundle) -> Record:
    """A record of an invented command on the table as it is; what is given takes other things' place."""

    def run(**changes: Any) -> dict[str, Any]:
        what: dict[str, Any] = {
            "tables": {"fit": fixed_parts(table, read_table(str(table)))},
            "bundles": [bundle],
            "seed": 0,
            "figures": {"auc": np.float64(0.5), "counts": [np.int64(1), 2], "undefined": float("nan")},
        }
        return record("calibrate", {"--backend": "openvino"}, **(what | changes))

    return run


def test_a_record_is_json_that_is_the_same_when_it_is_read(make: Record, tmp_path: Path) -> None:
    file, content = tmp_path / "r.json", make()
    assert write(content, file) == []
    assert json.loads(file.read_text(), parse_constant=pytest.fail) == content
    assert content["figures"] == {"auc": 0.5, "counts": [1, 2], "undefined": None}
    assert len(content["tables"]["fit"]["files"]) == 20
    assert {each["part"] for each in content["tables"]["fit"]["files"].values()} == {
        "train",
        "validation",
        "test",
    }


def test_no_folder_of_the_machine_is_in_a_record(table: Path, bundle: Bundle) -> None:
    content = record(
        "calibrate",
        [str(table), f"--out={table.parent / 'a' / 'b'}", "/home/someone/bundle", "--seed", "1"],
        tables={"fit": fixed_parts(table, read_table(str(table)))},
        bundles=[bundle],
        seed=None,
        figures={},
    )
    assert content["arguments"] == ["t.csv", "--out=a/b", "bundle", "--seed", "1"]
    text = json.dumps(content)
    assert str(table.parent) not in text
    assert str(Path(__file__).parents[3]) not in text
    assert "p13" not in text  # a patient


def test_the_same_again_is_said_to_be_the_same_and_both_stay(make: Record, tmp_path: Path) -> None:
    file = tmp_path / "r.json"
    for _ in range(3):
        sentences = write(make(), file)
    assert len(sentences) == 1
    assert sentences[0].startswith("Same inputs, same figures as on ")
    assert {each.name for each in tmp_path.glob("r.json*")} == {"r.json", "r.json.1", "r.json.2"}


def test_every_kind_of_change_is_told(make: Record) -> None:
    before, after = make(), make()
    files = after["tables"]["fit"]["files"]
    del files["0.png"]
    files["new.png"] = dict(files["1.png"])
    files["2.png"]["sha256"] = "0"
    files["3.png"]["label"] = 0
    files["4.png"]["part"] = "nowhere"
    after["bundles"][0]["digest"] = "1" * 64
    after["arguments"]["--threads"] = 2
    after["seed"] = 1
    after["code"]["version"] = "9"
    after["environment"]["packages"]["numpy"] = "9"
    after["environment"]["machine"]["cpu"] = "an abacus"
    after["figures"]["auc"] = 0.25
    sentences = differences(before, after)
    for words in (
        "fit has 1 file added: 'new.png'",
        "1 file gone: '0.png'",
        "1 file of other content: '2.png'",
        "1 file with another label: '3.png'",
        "1 file in another part: '4.png'",
        "and is lungs 111111111111",
        "Argument: --threads was absent and is 2",
        "seed was 0 and is 1",
        "Code: version was",
        "packages.numpy was",
        "is an abacus",
        "Figures: 1 of 4 differ: auc was 0.5 and is 0.25",
    ):
        assert any(words in sentence for sentence in sentences), words
    assert len(sentences) == 12


@pytest.mark.parametrize("path", [("seed",), ("code", "version"), ("tables", "fit", "sha256")])
def test_same_figures_in_spite_of_other_inputs_are_said(make: Record, path: tuple[str, ...]) -> None:
    before = make()
    after = copy.deepcopy(before)
    inner = after
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = 7
    sentences = differences(before, after)
    assert len(sentences) == 2
    assert sentences[1] == "All figures are the same."


def test_a_table_less_and_a_table_more_are_told(make: Record) -> None:
    before, after = make(), make()
    after["tables"]["held"] = after["tables"].pop("fit")
    assert differences(before, after)[:2] == [
        "Input: fit (t.csv) is not read any more.",
        "Input: held (t.csv) is new.",
    ]


@pytest.mark.parametrize("content", ["", "[]", '{"schema": 1}', "path,label"])
def test_what_is_no_record_is_not_overwritten(make: Record, tmp_path: Path, content: str) -> None:
    file = tmp_path / "r.json"
    file.write_text(content)
    with pytest.raises(UsageError, match="no record of edgect's"):
        write(make(), file)
    assert file.read_text() == content


def test_the_record_of_another_command_is_not_overwritten(make: Record, tmp_path: Path) -> None:
    write(make(), tmp_path / "r.json")
    with pytest.raises(UsageError, match="`edgect calibrate`"):
        earlier(tmp_path / "r.json", "evaluate")


def test_a_folder_that_is_not_there_is_told_before_anything_slow(tmp_path: Path) -> None:
    assert earlier(tmp_path / "r.json", "evaluate") is None
    with pytest.raises(UsageError, match="there is no folder"):
        earlier(tmp_path / "nowhere" / "r.json", "evaluate")


def test_the_commit_is_that_of_the_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    if not (root / ".git").exists():
        pytest.skip("this is no checkout")
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=True)
    monkeypatch.setenv("GIT_DIR", str(tmp_path))  # as a hook of another repository has it
    assert code()["commit"].removesuffix("-dirty") == head.stdout.strip()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert code()["commit"] == ""
