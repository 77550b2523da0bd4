from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from train.multi_source.ensemble import judge
from train.multi_source.last_layer import refit
from train.multi_source.run import MultiSourceRun
from train.run import RunError

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
