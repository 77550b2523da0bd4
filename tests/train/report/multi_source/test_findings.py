from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np

from tests.train.report.multi_source import fakes
from tests.train.report.multi_source.reading import ranged, rows
from train.multi_source.recipe import PARTS_OF_RECIPE
from train.multi_source.run import MultiSourceRun
from train.networks.light_cnn import LightCNN
from train.report.multi_source import ablation, findings, splits, tables, trainings


def test_the_ablation_has_every_arm_and_its_difference_by_seed(runs: Path, tmp_path: Path) -> None:
    copy = tmp_path / "runs"
    shutil.copytree(runs, copy)
    for seed, gain in ((0, 0.125), (1, 0.25)):
        for arm in ("everything", "without-averaging"):
            file = copy / f"across/ablation/{arm}-seed-{seed}/validation.json"
            content = json.loads(file.read_text())
            auc = 0.5 + seed / 8 + (gain if arm == "everything" else 0)
            content["elsewhere"]["sars-cov-2-ct"]["metrics"]["auc"] = auc
            file.write_text(json.dumps(content))
    head, _, *table = rows(ablation.values(copy))
    assert [row[0] for row in table] == ["everything", *(f"without {part}" for part in PARTS_OF_RECIPE)]
    column = head.index("SARS-CoV-2-CT, left out")
    values = {row[0]: row[column] for row in table}
    assert values["everything"] == "0.750 (0.625 to 0.875)"
    assert values["without averaging"] == "0.562 (0.500 to 0.625)"
    differences = {row[0]: row for row in rows(ablation.differences(copy))[2:]}
    assert "everything" not in differences
    assert differences["without averaging"][column] == "-0.188 (-0.250 to -0.125)"
    blanked = head.index("COVID-CT, lungs blanked")
    assert differences["without lung crop"][blanked] == ""  # lungs are blanked on crops alone
    assert differences["without averaging"][blanked] == "+0.000 (+0.000 to +0.000)"


def test_evidence_of_three_networks_source_by_source(runs: Path) -> None:
    table = rows(findings.evidence(runs))
    assert table[2][1] == "target"
    assert table[2][7] == "≤ 0.65"
    auc = "0.875 (0.750 to 0.938)"
    assert table[3] == [
        "COVID-CT",
        "default",
        "0",
        "17",
        auc,
        auc,
        auc,
        auc,
        "0.700 (0.600 to 0.800)",
        "0.400",
    ]
    assert [row[1] for row in table if row[0] == "MosMed"] == ["default", "CNN-1", "CNN-2"]
    assert [row[4:8] for row in table if row[0] == "SIRM"] == [[""] * 4] * 3


def test_sensitivity_is_divided_by_the_parameters_of_the_network(runs: Path) -> None:
    millions = sum(p.numel() for p in LightCNN(upsample_groups=fakes.GROUPS).parameters()) / 1e6
    table = rows(findings.efficiency(runs))
    assert [row[-1] for row in table[2:4]] == ["67.46", "≥ 72"]
    evaluations = [fakes.evaluations({"covid-ct": ("test",)}, seed)["covid-ct"] for seed in fakes.SEEDS]
    for row, evaluation in zip(table[4:7], evaluations, strict=True):
        per_million = 100 * evaluation["metrics"]["sensitivity"] / millions
        ends = [100 * end / millions for end in evaluation["intervals"]["sensitivity"]]
        assert row[4:] == [f"{millions:.3f}", ranged(per_million, ends, 1)]
    mean = 100 * np.mean([evaluation["metrics"]["sensitivity"] for evaluation in evaluations])
    assert table[-1][-1] == f"{mean / millions:.1f}"


def test_the_parts_with_classes_and_grades_as_far_as_runs_tell(runs: Path, tmp_path: Path) -> None:
    table = {(row[0], row[1]): row[2:] for row in rows(splits.splits(runs))}
    trained = 3 + 2 * 3 + 3 + 2 * (1 + len(PARTS_OF_RECIPE))  # on COVID-CT, one without it aside
    both, val = (
        fakes.evaluations({"covid-ct": parts}, 0)["covid-ct"] for parts in (("train", "val"), ("val",))
    )
    patients = f"{both['units'] - val['units']} patients"
    assert table["COVID-CT", "training"] == ["425", patients, "191", "234", f"{trained} of {trained}"]
    mild = "265 (CT-1: 212, CT-2 to CT-4: 53)"
    assert table["MosMed", "training"][:1] + table["MosMed", "training"][2:4] == ["334", mild, "69"]
    assert table["SIRM", "validation"][2:4] == ["16", "0"]
    nothing = {(row[0], row[1]): row[2:] for row in rows(splits.splits(tmp_path))}
    assert nothing["COVID-CT", "test"] == ["203", "", "", "", ""]
    assert nothing["LUNA16", "test"] == ["100", "", "0", "100", ""]


def test_another_list_of_files_does_not_count_as_the_recorded_one(runs: Path, tmp_path: Path) -> None:
    copy = tmp_path / "runs"
    shutil.copytree(runs, copy)
    file = copy / "lungs/recipe.json"
    record = json.loads(file.read_text())
    record["split"]["mosmed"]["val"]["sha256"] = "0"
    file.write_text(json.dumps(record))
    table = {(row[0], row[1]): row[-1] for row in rows(splits.splits(copy))}
    same, of = map(int, table["MosMed", "validation"].split(" of "))
    assert same == of - 1
    assert len(set(table["MosMed", "training"].split(" of "))) == 1


def test_every_reading_is_listed_and_the_first_is_what_counts(runs: Path, tmp_path: Path) -> None:
    copy = tmp_path / "runs"
    shutil.copytree(runs, copy)
    before = tables.default(copy)
    run = trainings.runs(copy, "lungs")[0]
    run.write_reading("test", {**run.readings("test")[0], "date": "2027-01-02T", "sources": {}})
    run.write_reading("test", {"date": "2027-01-03T", "by": "deploy", "part": "covid-ct"})
    for line in ({"by": "train across evidence", "part": "test"}, {"by": "train test", "part": "test-1"}):
        MultiSourceRun(copy / "cnn1").write_reading("test", {"date": "2027-01-04T", **line})
    assert tables.default(copy) == before
    table = rows(splits.readings(copy))[2:]
    assert [row[1:3] for row in table if row[0] == "lungs"][2:] == [
        ["2027-01-02", "train across test"],
        ["2027-01-03", "deploy"],
    ]
    assert [row[1:] for row in table if row[0] == "cnn1"] == [["2027-01-04", "train across evidence", "test"]]
    (alone,) = [row[3] for row in table if row[0] == "across/covid-ct-only-seed-0"]
    assert "the whole of MosMed" in alone
    assert alone.endswith("Test-2")
