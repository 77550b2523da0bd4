from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np

from tests.train.report.multi_source import fakes
from tests.train.report.multi_source.reading import cells, rows
from train.multi_source.evaluation import TEST_2
from train.report.multi_source import tables, trainings
from train.report.multi_source.trainings import LEFT_OUT, METRICS, SEVERE, TITLES


def test_the_default_network_on_every_source_by_seed_with_intervals_and_mean(runs: Path) -> None:
    table = rows(tables.default(runs))
    for key, unit in {"covid-ct": "patients", "sars-cov-2-ct": "blocks", SEVERE: "studies"}.items():
        ours = [row for row in table if row[0] == TITLES[key]]
        assert [row[1] for row in ours] == ["0", "1", "2", "mean of 3"]
        evaluations = [fakes.evaluations({key.split(",")[0]: ("test",)}, seed)[key] for seed in fakes.SEEDS]
        assert [row[2:] for row in ours[:3]] == [cells(evaluation, unit) for evaluation in evaluations]
        means = [f"{np.mean([evaluation['metrics'][m] for evaluation in evaluations]):.3f}" for m in METRICS]
        assert ours[3][2:] == ["", "", *means]


def test_of_one_class_there_is_one_rate(runs: Path) -> None:
    table = rows(tables.default(runs))
    for source, filled in {"LUNA16": 6, "SIRM": 5}.items():
        for row in [row for row in table if row[0] == source]:
            assert [place for place in range(4, 8) if row[place]] == [filled]


def test_ours_beside_others(runs: Path, tmp_path: Path) -> None:
    metrics_by_seed = [
        fakes.evaluations({"covid-ct": ("test",)}, seed)["covid-ct"]["metrics"] for seed in fakes.SEEDS
    ]
    means = [f"{np.mean([metrics[m] for metrics in metrics_by_seed]):.3f}" for m in ("accuracy", "f1", "auc")]
    copy = tmp_path / "runs"
    shutil.copytree(runs, copy)
    metrics = {"features": 3, **{m: {"value": 0.9, "interval": [0.8, 0.95]} for m in ("accuracy", "auc")}}
    (copy / "probe.json").write_text(json.dumps({"test": {"images": 193, "results": {"all": metrics}}}))
    table = rows(tables.compared_with_others(copy))
    assert table[-1] == ["**ours**, mean of 3", "203", *means]
    assert table[-2][2:] == ["≥ 0.90", "", "≥ 0.96"]
    assert table[-3][1:] == ["193", "0.900 (0.800 to 0.950)", "", "0.900 (0.800 to 0.950)"]


def test_sources_left_out_as_a_whole_and_their_test_parts(runs: Path) -> None:
    table = rows(tables.left_out(runs))[2:]
    assert len(table) == (3 + 1) * 2 * 4
    for source in LEFT_OUT:
        for part, named in {"all parts": fakes.PARTS, "test part": ("test",)}.items():
            evaluation = fakes.evaluations({source: named}, 1)[source]
            (row,) = [row for row in table if row[:3] == [TITLES[source], part, "1"]]
            assert row[3:] == cells(evaluation, trainings.UNITS[source])


def test_the_means_over_sources_left_out(runs: Path) -> None:
    keys = ("covid-ct", "sars-cov-2-ct", SEVERE)
    by_seed = []
    for seed in fakes.SEEDS:
        evaluations = fakes.evaluations(dict.fromkeys(LEFT_OUT, fakes.PARTS), seed)
        by_seed.append(np.mean([evaluations[key]["metrics"]["auc"] for key in keys]))
    table = rows(tables.left_out_means(runs))
    assert [row[1] for row in table if row[0].startswith("ours")] == [f"{auc:.3f}" for auc in by_seed]
    assert table[-1][:2] == ["**ours**, mean of 3", f"{np.mean(by_seed):.3f}"]
    sars = [
        fakes.evaluations({"sars-cov-2-ct": ("test",)}, s)["sars-cov-2-ct"]["metrics"] for s in fakes.SEEDS
    ]
    assert table[-1][4] == f"{np.mean([metrics['accuracy'] for metrics in sars]):.3f}"


def test_a_seed_without_all_three_sources_has_no_mean_of_them(runs: Path, tmp_path: Path) -> None:
    copy = tmp_path / "runs"
    shutil.copytree(runs, copy)
    shutil.rmtree(copy / "across/without-mosmed-seed-1")
    table = {row[0]: row[1:] for row in rows(tables.left_out_means(copy))}
    assert table["ours, seed 1"][:2] == ["", ""]
    assert all(table["ours, seed 1"][2:])
    assert table["**ours**, mean of 3"][:2] == ["", ""]
    assert all(table["ours, seed 0"])


def test_trained_on_covid_ct_alone(runs: Path) -> None:
    table = rows(tables.alone(runs))
    (test_2,) = [row for row in table if row[0] == "Test-2" and row[2] == "0"]
    assert test_2[3:] == cells(fakes.evaluation_of((98, 95), 0), trainings.UNITS[TEST_2])
    assert [row[5] for row in table if row[2] in ("the paper's CNN-1", "target")] == ["0.502", "≥ 0.80"]
    others = {row[0] for row in table if row[1] == "all parts"}
    assert others == set(TITLES.values()) - {"COVID-CT"}


def test_members_of_a_teacher_are_reported_beside_their_mean(runs: Path, tmp_path: Path) -> None:
    head, _, *table = rows(tables.ensemble(runs))
    assert head == ["network", "mean of hospitals", "MosMed", "sfax"]
    assert table == [["lungs", "0.800", "0.790", "0.810"], ["mean", "0.820", "0.790", "0.810"]]
    assert rows(tables.ensemble_called(runs))[2:] == [["lungs", "0.250"], ["mean", "0.250"]]
    assert "not measured" in tables.ensemble(tmp_path)


def test_ways_of_pooling_are_reported(runs: Path) -> None:
    head, _, *table = rows(tables.pooling(runs))
    assert head == ["pooling", "last layer", "MosMed"]
    assert table == [["mean", "as trained", "0.700"], ["attention", "as trained", "0.700"]]
