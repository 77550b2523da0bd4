from __future__ import annotations

from pathlib import Path

from tests.train.report.multi_source.reading import rows
from train.multi_source.run import MultiSourceRun
from train.report.markdown import number
from train.report.multi_source import former
from train.report.multi_source.trainings import by_seed, mean


def test_sources_left_out_are_the_mean_of_seeds_of_either_network(runs: Path) -> None:
    head, _, *table = rows(former.left_out(runs))
    assert head == ["left out", "part", "accuracy, before", "accuracy, now", "AUC, before", "AUC, now"]
    own = [by_seed(path, "across/without-covid-ct", "covid-ct") for path in (runs / "former", runs)]
    assert [len(seeds) for seeds in own] == [1, 3]
    expected = [number(mean(each, metric)) for metric in ("accuracy", "auc") for each in own]
    assert expected[0] != expected[1]
    assert ["COVID-CT", "test part", *expected] in table
    assert len(table) == 8  # three sources and MosMed without CT-1, as a whole and their test part


def test_test_parts_are_by_the_last_reading(runs: Path) -> None:
    _, _, *table = rows(former.test_parts(runs))
    readings = MultiSourceRun(runs / "lungs").readings("test")
    accuracy = number(readings[-1]["sources"]["covid-ct"]["metrics"]["accuracy"])
    found = {name: cells for source, name, *cells in table if source == "COVID-CT"}
    assert list(found) == ["before", "now"]
    assert found["now"][0].startswith(accuracy)


def test_validation_is_by_the_layer_as_trained_and_as_fitted(runs: Path) -> None:
    head, _, *table = rows(former.validation_parts(runs))
    assert head == ["network", "last layer", "MosMed", "mean"]
    layers = {"as trained": "0.710", "fitted to the others": "0.760"}
    assert table == [[name, layer, *[a] * 2] for name in ("before", "now") for layer, a in layers.items()]


def test_without_a_former_network_nothing_is_said(tmp_path: Path) -> None:
    for make in (former.test_parts, former.validation_parts, former.left_out):
        assert "not measured" in make(tmp_path)
