"""`edgect inspect` on small tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edgect.cli import main
from tests.edgect.synthetic import write_scan


def inspect(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["inspect", *map(str, arguments)], catch_exceptions=False)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A patient of each class in each part; those of COVID-19 are of a group each."""
    lines = ["path,label,patient,group,part"]
    parts = ("train", "validation", "test")
    for seed, (part, label) in enumerate((part, label) for part in parts for label in (0, 1)):
        name = f"{part}{label}.png"
        write_scan(tmp_path / name, seed)
        lines.append(f"{name},{label},p{seed},{f'CT-{seed}' if label else ''},{part}")
    table = tmp_path / "ward.csv"
    table.write_text("\n".join(lines))
    return table


def test_what_a_table_holds_is_shown_and_errors_are_2(table: Path) -> None:
    table.with_suffix(".about.json").write_text('{"licence": "CC BY 4.0", "name": "Ward 7"}')
    done = inspect(table)
    assert done.exit_code == 2
    assert "Ward 7" in done.stdout
    assert "CC BY 4.0" in done.stdout
    assert any(line.split() == ["COVID-19", "CT-1", "1", "1", *"0000"] for line in done.stdout.splitlines())
    assert "ERROR: Training and validation part have 2 patients" in done.stdout
    assert max(map(len, done.stdout.replace(str(table), "").splitlines())) <= 100
    assert {file.name for file in table.parent.iterdir() if file.suffix != ".png"} == {
        "ward.csv",
        "ward.about.json",
    }


def test_the_json_says_the_same(table: Path) -> None:
    done = inspect(table, "--format", "json")
    result = json.loads(done.stdout, parse_constant=pytest.fail)
    (source,) = result["sources"]
    assert (result["schema"], source["name"], source["parts_by"], source["unit"]) == (
        1,
        "ward",
        "table",
        "patient",
    )
    assert source["counts"][0] == {"part": "train", "label": 1, "group": "CT-1", "units": 1, "slices": 1}
    assert {finding["severity"] for finding in source["findings"]} == {"error", "warning"}
    assert source["findings"][0]["needed"] == 19


def test_a_table_with_warnings_alone_is_0(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgect.sources.numbers.FITTING", 1)
    done = inspect(table)
    assert done.exit_code == 0
    assert "Warning: " in done.stdout
    assert "Fit to calibrate" in done.stdout


def test_parts_that_are_not_fixed_are_said_to_be_drawn(table: Path) -> None:
    table.write_text("\n".join(line.rpartition(",")[0] for line in table.read_text().splitlines()))
    assert "as they would be drawn now" in " ".join(inspect(table).stdout.split())
    assert not table.with_suffix(".parts.json").exists()


def test_several_tables_are_examined_together(table: Path) -> None:
    other = table.with_name("other.csv")
    other.write_text("path,label\ntrain0.png,positive\n")
    done = inspect(table, other)
    assert "all sources together" in done.stdout
    assert "ERROR: 1 file of ward and of other are the same" in done.stdout
    assert inspect(table, table).exit_code == 2
    assert "two tables are named 'ward'" in inspect(table, table).stderr


def test_a_table_that_cannot_be_used_is_2_in_one_line(table: Path) -> None:
    table.write_text("path,label\ntrain0.png,perhaps\n")
    done = inspect(table)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "line 2: unknown label 'perhaps'" in done.stderr
    assert inspect(table, "--positive", "perhaps", "--negative", "no").exit_code == 2
    assert "No slice is not COVID-19" in inspect(table, "--positive", "perhaps", "--negative", "no").stdout


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("clear_groups", ["CT-1", "ct-3"]),
        ("target_by_group", {"CT-5": 0.5, "ct-3": 0.5}),
        ("views", {"grave": ["CT-1"], "worst": ["ct-3", "CT-5"]}),
    ],
)
def test_a_group_that_no_slice_has_is_a_usage_error(table: Path, key: str, value: object) -> None:
    about = table.with_suffix(".about.json")
    about.write_text(json.dumps({key: value}))
    done = inspect(table)
    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1] == (
        f"Error: {about}: {key} names 'ct-3', of which ward.csv has no slice; "
        "its groups are 'CT-1', 'CT-3', 'CT-5'"
    )
