"""`edgect evaluate` on small labelled folders and tables, with the real engine."""

from __future__ import annotations

import csv
import hashlib
import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image
from sklearn.metrics import roc_auc_score

from edgect.batch.output import open_rows
from edgect.cli import main
from edgect.evaluate.rows import LabelledLines
from edgect.statistics.roc import auc
from tests.edgect.synthetic import write_scan

Evaluate = Callable[..., Result]


@pytest.fixture
def evaluate() -> Evaluate:
    def run(*arguments: object) -> Result:
        line = ["evaluate", "--backend", "onnxruntime", *map(str, arguments)]
        return CliRunner().invoke(main, line, catch_exceptions=False)

    return run


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    for seed, name in enumerate(
        ("CT_COVID/a.png", "CT_COVID/b.png", "non-covid/covid/c.png", "non-covid/d.png")
    ):
        write_scan(tmp_path / "labelled" / name, seed)
    return tmp_path / "labelled"


def test_folder_names_are_labels_and_deeper_names_are_not(evaluate: Evaluate, labelled: Path) -> None:
    (labelled / "non-covid" / "note.txt").write_text("ask the ward\n")
    done = evaluate(labelled, "--format", "json")
    result = json.loads(done.stdout, parse_constant=pytest.fail)
    assert done.exit_code == 0
    assert (result["schema"], result["data"]["positives"], result["data"]["negatives"]) == (1, 2, 3)
    assert (result["coverage"]["answered"], result["coverage"]["rejected"]) == (4, 1)
    assert sum(result["answered"]["confusion"].values()) == 4
    assert sum(result["intention_to_diagnose"]["confusion"].values()) == 5


def test_an_excel_table_its_rows_and_its_pictures(evaluate: Evaluate, labelled: Path, tmp_path: Path) -> None:
    table, plots, rows = tmp_path / "t.csv", tmp_path / "plots", tmp_path / "rows.csv"
    names = sorted(labelled.rglob("*.png"))
    lines = [f"{n.relative_to(tmp_path)};{int('CT_COVID' in str(n))};p{i}" for i, n in enumerate(names)]
    table.write_bytes("\r\n".join(["path;label;patient", *lines]).encode("utf-8-sig"))
    done = evaluate(table, "--plots", plots, "--rows", rows)
    assert done.exit_code == 0
    assert "intervals by patient" in done.stdout
    assert rows.read_text().count("\n") == 5
    for name in ("roc", "reliability", "confusion"):
        assert np.asarray(Image.open(plots / f"{name}.png").convert("L")).std() > 5


def test_a_part_of_the_table_alone(evaluate: Evaluate, labelled: Path, tmp_path: Path) -> None:
    parts = {"a": "test", "b": "train", "c": "train", "d": "test"}
    names = sorted(labelled.rglob("*.png"))
    lines = [f"{n.relative_to(tmp_path)},{int('CT_COVID' in str(n))},{n.stem},{parts[n.stem]}" for n in names]
    table = tmp_path / "t.csv"
    table.write_text("\n".join(["path,label,patient,part", *lines]))
    done = evaluate(table, "--part", "test", "--format", "json")
    result = json.loads(done.stdout)
    assert (result["data"]["files"], result["data"]["units"], result["coverage"]["rows"]) == (2, 2, 2)
    assert result["notes"][0] == "Of the table the test part alone: 2 of 4 files."
    assert "is number 2 and is on record" in evaluate(table, "--part", "test").stderr
    (reading, _) = (tmp_path / "t.readings.jsonl").read_text().splitlines()
    assert json.loads(reading)["command"] == "evaluate"
    assert "no slice of" in evaluate(table, "--part", "validation").stderr
    refused = evaluate(labelled, "--part", "test")
    assert (refused.exit_code, refused.stderr.splitlines()[-1]) == (
        2,
        "Error: --part is for tables; a folder is not divided into parts",
    )


def test_one_class_alone_is_undefined_and_no_crash(evaluate: Evaluate, tmp_path: Path) -> None:
    write_scan(tmp_path / "s" / "positive" / "a.png")
    (tmp_path / "s" / "negative").mkdir()
    done = evaluate(tmp_path / "s", "--plots", tmp_path / "plots", "--format", "json")
    result = json.loads(done.stdout, parse_constant=pytest.fail)
    assert result["answered"]["metrics"]["specificity"]["value"] is None
    assert result["answered"]["metrics"]["auc"]["value"] is None


def test_an_unreadable_file_is_1(evaluate: Evaluate, labelled: Path) -> None:
    (labelled / "CT_COVID" / "z.png").write_bytes(b"")
    assert evaluate(labelled).exit_code == 1


def test_an_unclear_folder_is_2_and_can_be_named(evaluate: Evaluate, labelled: Path) -> None:
    (labelled / "non-covid").rename(labelled / "ward 7")
    done = evaluate(labelled)
    assert done.exit_code == 2
    assert "'ward 7'" in done.stderr
    assert "--positive NAME" in done.stderr
    assert evaluate(labelled, "--positive", "CT_COVID", "--negative", "ward 7").exit_code == 0


def test_a_wrong_line_is_2_and_named(evaluate: Evaluate, scan: Path) -> None:
    table = scan.with_name("t.csv")
    table.write_text(f"path,label\n{scan.name},perhaps\n")
    done = evaluate(table)
    assert done.exit_code == 2
    assert "line 2: unknown label 'perhaps'" in done.stderr


def test_rows_never_go_over_an_input(evaluate: Evaluate, scan: Path) -> None:
    table = scan.with_name("t.csv")
    table.write_text(f"path,label\n{scan.name},1\n")
    for output in (table, scan):
        before = output.read_bytes()
        assert evaluate(table, "--rows", output).exit_code == 2
        assert output.read_bytes() == before


def test_rows_are_blamed_for_their_own_trouble_alone(
    evaluate: Evaluate, labelled: Path, tmp_path: Path
) -> None:
    done = evaluate(labelled, "--rows", tmp_path / "nowhere" / "rows.csv")
    assert (done.exit_code, "nowhere/rows.csv: cannot be written (No such file" in done.stderr) == (2, True)
    rows = tmp_path / "rows.csv"
    with pytest.raises(OSError, match="the scans' disk is gone"), open_rows(LabelledLines("csv"), rows):
        raise OSError(5, "the scans' disk is gone")
    assert not rows.exists()


def figures(done: Result) -> dict[str, object]:
    report: dict[str, object] = json.loads(done.stdout)
    return {name: value for name, value in report.items() if name != "date"}


def untimed(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as opened:
        return [{**row, "milliseconds": ""} for row in csv.DictReader(opened)]


def test_an_interrupted_evaluation_goes_on(evaluate: Evaluate, labelled: Path, tmp_path: Path) -> None:
    rows, partial = tmp_path / "rows.csv", tmp_path / "rows.csv.partial"
    arguments = (labelled, "--format", "json", "--rows", rows)
    whole = evaluate(*arguments)
    content, expected = rows.read_bytes(), untimed(rows)
    assert [row["truth"] for row in expected] == ["COVID-19"] * 2 + ["not COVID-19"] * 2
    rows.unlink()
    partial.write_bytes(content[:-10])  # the last row was cut
    done = evaluate(*arguments, "--resume")
    assert done.exit_code == 0
    assert "3 rows are kept" in done.stderr
    assert figures(done) == figures(whole)
    assert untimed(rows) == expected
    assert rows.read_bytes().splitlines()[:4] == content.splitlines()[:4]  # with the times of the first run
    assert not partial.exists()


def test_rows_with_another_label_are_not_kept(evaluate: Evaluate, labelled: Path, tmp_path: Path) -> None:
    rows, table = tmp_path / "rows.csv", tmp_path / "t.csv"
    names = [f"labelled/{file.relative_to(labelled)}" for file in sorted(labelled.rglob("*.png"))]
    table.write_text("path,label\n" + "".join(f"{name},1\n" for name in names))
    evaluate(table, "--rows", rows)
    table.write_text("path,label\n" + "".join(f"{name},{int(name != names[2])}\n" for name in names))
    done = evaluate(table, "--rows", rows, "--resume")
    assert "2 rows are kept" in done.stderr
    assert [row["truth"] for row in untimed(rows)] == ["COVID-19"] * 2 + ["not COVID-19", "COVID-19"]


def test_resume_needs_rows(evaluate: Evaluate, labelled: Path) -> None:
    done = evaluate(labelled, "--resume")
    assert (done.exit_code, "--resume needs --rows FILE" in done.stderr) == (2, True)


def test_a_record_is_compared_with_the_one_before(evaluate: Evaluate, labelled: Path, tmp_path: Path) -> None:
    record = tmp_path / "r.json"
    (labelled / "CT_COVID" / "z.png").write_bytes(b"")
    assert evaluate(labelled, "--record", record).stderr == ""
    content = json.loads(record.read_text())
    files = content["tables"]["source"]["files"]
    digest = hashlib.sha256((labelled / "CT_COVID" / "a.png").read_bytes()).hexdigest()
    assert files["CT_COVID/a.png"] == {"sha256": digest, "label": 1}
    assert files["CT_COVID/z.png"] == {"sha256": "", "label": 1}
    assert content["figures"]["coverage"]["rows"] == 5
    assert str(tmp_path) not in record.read_text()
    assert "Same inputs, same figures" in evaluate(labelled, "--record", record).stderr
    (labelled / "CT_COVID" / "z.png").unlink()
    done = evaluate(labelled, "--record", record, "--threshold", 0)
    assert "source has 1 file gone: 'CT_COVID/z.png'" in done.stderr
    assert "Argument: --threshold was none and is 0.0" in done.stderr
    assert "coverage.rows was 5 and is 4" in done.stderr


def test_a_record_never_goes_over_anything_else(evaluate: Evaluate, labelled: Path, tmp_path: Path) -> None:
    other = tmp_path / "results.json"
    other.write_text("{}")
    done = evaluate(labelled, "--record", other)
    assert (done.exit_code, other.read_text()) == (2, "{}")
    done = evaluate(labelled, "--record", labelled / "CT_COVID" / "r.json")
    assert (done.exit_code, "taken for a scan" in done.stderr) == (2, True)


def test_workers_of_a_scheduler_give_the_same_figures(evaluate: Evaluate, labelled: Path) -> None:
    pytest.importorskip("distributed", reason="needs Dask: pip install 'edgect[dask]'")
    (labelled / "CT_COVID" / "z.png").write_bytes(b"")
    alone = evaluate(labelled, "--format", "json", "--threads", 1)
    done = evaluate(labelled, "--format", "json", "--threads", 1, "--scheduler", "local", "--workers", 1)
    assert done.exit_code == alone.exit_code == 1
    assert figures(done) == figures(alone)


def test_the_auc_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    labels, scores = rng.integers(0, 2, 300), rng.integers(0, 20, 300) / 20
    assert math.isclose(auc(labels, scores), roc_auc_score(labels, scores))
