from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from train.multi_source.ensemble import judge, judge_left_out
from train.multi_source.last_layer import refit
from train.multi_source.run import MultiSourceRun
from train.run import RunError, write_json

HOSPITALS = ("sars-cov-2-ct", "mosmed")
SOURCES = ("covid-ct", *HOSPITALS, "luna-slices")


@pytest.fixture
def members(finished: MultiSourceRun, data: Path, cache: Path, tmp_path: Path) -> list[MultiSourceRun]:
    """Of the same trunk."""
    runs = [MultiSourceRun(Path(shutil.copytree(finished.path, tmp_path / name))) for name in "ab"]
    for run in runs:
        refit(run, data, cache, HOSPITALS)
    return runs


def test_members_are_judged_beside_their_mean(members: list[MultiSourceRun], data: Path, cache: Path) -> None:
    alone = judge(members[:1], data, cache, SOURCES)
    both = judge(members, data, cache, SOURCES)
    assert alone.keys() == {"a"}
    assert both.keys() == {"a", "b", "mean"}
    assert both["a"] == both["b"] == alone["a"]
    assert both["mean"]["auc"] == pytest.approx(alone["a"]["auc"])  # of two that are one
    beside = judge(members[:1], data, cache, SOURCES, beside=members[1:])
    assert beside == {name: both[name] for name in "ab"}
    own = alone["a"]
    assert own["auc"].keys() == {"covid-ct", *HOSPITALS}
    fitted = [own["auc"][name] for name in HOSPITALS]
    assert own["hospitals"] == pytest.approx(np.mean(fitted))
    assert own["called"].keys() == {"luna-slices"}


def test_a_member_needs_a_fitted_last_layer(finished: MultiSourceRun, data: Path, cache: Path) -> None:
    with pytest.raises(RunError, match="multi-source head"):
        judge([finished], data, cache, SOURCES)


def test_members_whose_layers_know_other_hospitals_are_not_compared(
    members: list[MultiSourceRun], data: Path, cache: Path
) -> None:
    refit(members[1], data, cache, ("sars-cov-2-ct", "covid-ct"))
    with pytest.raises(RunError, match="other hospitals"):
        judge(members, data, cache, SOURCES)


def test_runs_without_a_source_are_judged_on_it_beside_their_mean(
    finished: MultiSourceRun, data: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one that ranks slices one way and one that ranks them the other, the mean has no opinion."""
    monkeypatch.setattr("train.multi_source.trajectory.of_last_layer", lambda: list(HOSPITALS))
    opposite = MultiSourceRun(Path(shutil.copytree(finished.path, tmp_path / "opposite")))
    weights = torch.load(opposite.weights, weights_only=True)
    for name in ("classifier.weight", "classifier.bias"):
        weights[name] = weights[name].flip(0)
    torch.save(weights, opposite.weights)
    content = judge_left_out([finished, opposite], data, cache, beside=[opposite])
    assert content["left_out"] == ["covid-ct"]
    by_run = content["auc"]
    assert by_run.keys() == {finished.path.name, "opposite", "mean"}
    own, other, mean = (by_run[name] for name in (finished.path.name, "opposite", "mean"))
    assert own["as trained"].keys() == {"covid-ct", *HOSPITALS, "mosmed, CT-0 against CT-2 to CT-4"}
    assert own["as trained"]["covid-ct"] == pytest.approx(1 - other["as trained"]["covid-ct"])
    assert mean["as trained"]["covid-ct"] == pytest.approx(0.5, abs=0.05)
    assert own["fitted to the others"] != own["as trained"]


def test_runs_without_different_sources_are_not_compared(
    finished: MultiSourceRun, data: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("train.multi_source.trajectory.of_last_layer", lambda: list(HOSPITALS))
    other = MultiSourceRun(Path(shutil.copytree(finished.path, tmp_path / "other")))
    record = other.record()
    record["recipe"]["sources"] = {"covid-ct": 1.0, "mosmed": 1.0, "luna-slices": 0.5}
    write_json(other.path / "recipe.json", record)
    with pytest.raises(RunError, match="without sars-cov-2-ct"):
        judge_left_out([finished, other], data, cache)
