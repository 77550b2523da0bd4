"""`edgect compare` on small labelled tables, with the real engine."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from edgect.cli import main
from tests.edgect.cli.test_exit_codes import one_line
from tests.edgect.conftest import Classify
from tests.edgect.synthetic import write_scan

Compare = Callable[..., Result]
ORT = ("--backend", "onnxruntime")
LUNGS, CNN2 = ("--model", "lungs"), ("--model", "cnn2")


@pytest.fixture
def compare() -> Compare:
    def run(*arguments: object) -> Result:
        line = ["compare", *ORT, *map(str, arguments)]
        return CliRunner().invoke(main, line, catch_exceptions=False)

    return run


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Twelve slices of six patients, every second patient with COVID-19; `part` is test for the last four."""
    lines = ["path,label,patient,part"]
    for number in range(12):
        write_scan(tmp_path / "scans" / f"<b>{number}.png", number)
        part = "test" if number >= 8 else "train"
        lines.append(f"scans/<b>{number}.png,{number // 2 % 2},p{number // 2},{part}")
    (tmp_path / "t.csv").write_text("\n".join(lines))
    return tmp_path / "t.csv"


def labels(classify: Classify, table: Path, model: tuple[str, str]) -> list[str]:
    rows = classify(table.parent / "scans", *ORT, *model, "--format", "csv").stdout
    return [row["label"] for row in csv.DictReader(rows.splitlines())]


def test_a_model_with_itself_differs_in_nothing(compare: Compare, table: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = compare(table, *LUNGS, *LUNGS, "--by", "patient", "--format", "json", "--report", page)
    result = json.loads(done.stdout, parse_constant=pytest.fail)
    assert done.exit_code == 0
    assert [level["changed"] for level in result["levels"].values()] == [0, 0, 0]
    for name, level in result["levels"].items():
        # of so few slices a patient may have no label
        answered = level["answered"] if name == "slice" else {}
        for each in (*answered.values(), *level["intention_to_diagnose"].values()):
            assert each["difference"] == 0
            assert each["first"] == each["second"]
            assert each["low"] < 0 < each["high"]  # what so few patients can hide
            assert each["p"] in (None, 1)
    assert "the same bundle" in result["notes"][0]
    assert "by one alone: 0 of 12" in page.read_text()


def test_what_changes_its_label_is_on_the_page_with_both_maps(
    compare: Compare, classify: Classify, table: Path, tmp_path: Path
) -> None:
    pairs = list(zip(labels(classify, table, LUNGS), labels(classify, table, CNN2), strict=True))
    differing = [pair for pair in pairs if pair[0] != pair[1]]
    assert differing
    done = compare(table, *LUNGS, *CNN2, "--report", tmp_path / "out")
    assert done.exit_code == 0
    page = (tmp_path / "out" / "compare.html").read_text()
    assert f"{len(differing)} of 12" in page
    assert page.count("<tr><td") == len(differing)
    answered = sum(bool(label) for pair in differing for label in pair)
    assert page.count("data:image/webp") == len(differing) + answered
    assert page.count("&lt;b&gt;") == len(differing)
    assert "<b>" not in page
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["compare.html"]


def test_series_that_change_their_label_are_on_the_page_too(
    compare: Compare, table: Path, tmp_path: Path
) -> None:
    done = compare(
        table, *LUNGS, *CNN2, "--by", "patient", "--format", "json", "--report", tmp_path / "page.html"
    )
    levels = json.loads(done.stdout)["levels"]
    page = (tmp_path / "page.html").read_text()
    assert levels["patient"]["changed"]
    for by, title in (("series", "Series"), ("patient", "Patients")):
        heading = f"{title} with another label by B, or with a label by one alone"
        assert f"<h2>{heading}: {levels[by]['changed']} of {levels[by]['count']}</h2>" in page
    changed = sum(level["changed"] for level in levels.values())
    assert page.count('<th scope="row"') == changed


def test_a_part_of_the_table_alone(compare: Compare, table: Path) -> None:
    done = compare(table, *LUNGS, *CNN2, "--part", "test", "--format", "json")
    assert "is number 1 and is on record" in done.stderr
    assert "is number 2" in compare(table, *LUNGS, *CNN2, "--part", "test").stderr
    readings = [json.loads(line) for line in table.with_suffix(".readings.jsonl").read_text().splitlines()]
    assert [[bundle["name"] for bundle in each["bundles"]] for each in readings] == [["lungs", "cnn2"]] * 2
    result = json.loads(done.stdout)
    assert (result["part"], result["data"]["files"], result["levels"]["slice"]["count"]) == ("test", 4, 4)
    assert "no slice of" in one_line(compare(table, *LUNGS, *CNN2, "--part", "validation"), 2)


def test_an_operating_point_is_that_of_both(compare: Compare, table: Path) -> None:
    arguments = ("--operating-point", "screening", "--format", "json")
    result = json.loads(compare(table, *LUNGS, *CNN2, *arguments).stdout)
    assert {result[side]["operating_point"] for side in ("first", "second")} == {"screening"}
    assert result["first"]["threshold"] != result["second"]["threshold"]


def test_a_file_that_cannot_be_read_is_1_and_no_answer_of_both(compare: Compare, table: Path) -> None:
    (table.parent / "scans" / "<b>3.png").write_bytes(b"")
    done = compare(table, *LUNGS, *CNN2, "--format", "json")
    result = json.loads(done.stdout)
    assert (done.exit_code, result["errors"]) == (1, 1)
    assert result["levels"]["slice"]["coverage"]["neither"] >= 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (LUNGS, "--model is given 1 times"),
        ((*LUNGS, *CNN2, *LUNGS), "--model is given 3 times"),
        ((), "--model is given 0 times"),
        ((*LUNGS, *CNN2, "--report", "t.csv/page.html"), "--report"),
    ],
)
def test_what_cannot_be_compared_is_2(
    compare: Compare,
    table: Path,
    arguments: tuple[str, ...],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(table.parent)
    assert message in one_line(compare(table, *arguments), 2)


def test_a_page_never_goes_over_or_among_scans(compare: Compare, table: Path) -> None:
    scan = table.parent / "scans" / "<b>1.html"
    write_scan(scan)
    table.write_text(f"path,label\n{scan},1\n")
    before = scan.read_bytes()
    assert "one of the files" in one_line(compare(table, *LUNGS, *CNN2, "--report", scan), 2)
    assert scan.read_bytes() == before
    folder = table.parent / "in"
    write_scan(folder / "covid" / "a.png")
    done = compare(folder, *LUNGS, *CNN2, "--report", folder / "out")
    assert "taken for a scan" in one_line(done, 2)
    assert not (folder / "out").exists()


def test_a_second_model_that_is_damaged_is_3_before_the_first_reads(
    compare: Compare, table: Path, edit_manifest: Callable[[Callable[[dict[str, Any]], object]], Path]
) -> None:
    damaged = edit_manifest(lambda manifest: manifest.pop("labels"))
    assert one_line(compare(table, *LUNGS, "--model", damaged), 3)


def test_a_record_tells_what_differs_from_the_one_before(
    compare: Compare, table: Path, tmp_path: Path
) -> None:
    record = tmp_path / "record.json"
    assert compare(table, *LUNGS, *CNN2, "--record", record).exit_code == 0
    content = json.loads(record.read_text())
    assert [bundle["name"] for bundle in content["bundles"]] == ["lungs", "cnn2"]
    assert len(content["tables"]["source"]["files"]) == 12
    assert "same figures" in compare(table, *LUNGS, *CNN2, "--record", record).stderr
    assert "Bundle: 2 was cnn2" in compare(table, *LUNGS, *LUNGS, "--record", record).stderr
    before = table.read_bytes()
    assert "one of the files" in one_line(compare(table, *LUNGS, *CNN2, "--record", table), 2)
    assert table.read_bytes() == before
