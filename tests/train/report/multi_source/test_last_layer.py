from __future__ import annotations

from pathlib import Path

from tests.train.report.multi_source.reading import cells, rows
from train.multi_source.run import MultiSourceRun
from train.report.multi_source import last_layer, tables
from train.report.multi_source.trainings import TITLES


def test_the_last_layer_is_reported_beside_what_training_made(runs: Path) -> None:
    assert rows(last_layer.last_layer(runs))[2:] == [["MosMed", "0.710", "0.760", "0.050"]]
    assert rows(last_layer.trunks(runs))[2:] == [
        ["MosMed", "1", "800", "plain", "0.700", "0.750", "0.600", ""]
    ]
    first, last = (line for line in MultiSourceRun(runs / "lungs").readings("test"))
    table = rows(last_layer.fitted_anew(runs))[2:]
    assert {row[0] for row in table} == set(TITLES.values())
    for row in table:
        read = {"as trained": first, "fitted anew": last}[row[1]]
        key = next(name for name, title in TITLES.items() if title == row[0])
        assert row[3:] == cells(read["sources"][key], "")[2:]
    assert rows(tables.trainings(runs))[2][:2] == ["default", "0"]
    assert rows(tables.trainings(runs))[2][-1] == "0.5"


def test_ways_to_fit_it_are_held_against_the_fit_as_it_is(runs: Path, tmp_path: Path) -> None:
    head, _, *table = rows(last_layer.ablation(runs))
    assert head == ["last layer", "mean of hospitals", "MosMed", "osic called"]
    assert table == [
        ["fitted", "0.800", "0.790", "0.25"],
        ["without MosMed in the fit", "0.700", "0.690", "0.50"],
    ]
    (row,) = rows(last_layer.ablation_differences(runs))[2:]
    of_two = ["-0.050 (-0.100 to +0.000)"] * 2
    assert row == ["without MosMed in the fit", "2", *of_two, "+0.125 (+0.000 to +0.250)"]
    assert "not measured" in last_layer.ablation(tmp_path)
    assert "not measured" in last_layer.ablation_differences(tmp_path)
