"""`pack` and `search-all` on the CPU, against `search`."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from click.testing import CliRunner
from skopt.space import Real

from tests.search_command import SMALL
from train.commands import main
from train.data.packed import PackedData
from train.paper.search.batches import search_in_batches
from train.paper.search.record import SPACE, Search
from train.paper.side_by_side import OutOfTimeError
from train.run import RunError

pytestmark = pytest.mark.long


def started(packed: Path, out: Path, *extra: str) -> list[dict[str, Any]]:
    options = "--experiment 4 --arrangement 2 --attempts 3 --epochs 1 --augmentation none --device cpu"
    where = ["--processes", "1", "--packed", str(packed), "--out", str(out)]
    done = CliRunner().invoke(main, ["search-all", *options.split(), *where, *extra], standalone_mode=False)
    if done.exception:
        raise done.exception
    return [json.loads(line) for line in done.stdout.splitlines()]


def without(attempts: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name not in names} for row in attempts]


@pytest.fixture(scope="module")
def few(packed: Path) -> PackedData:
    """Every fifth slice of arrangement 2."""
    data = PackedData.read(packed)
    split = data.splits[2]
    return replace(data, splits={2: replace(split, train=split.train[::5], val=split.val[::4])})


@pytest.fixture(scope="module")
def together(packed: Path, tmp_path_factory: pytest.TempPathFactory) -> Search:
    """Three attempts, two of them side by side."""
    out = tmp_path_factory.mktemp("together")
    assert started(packed, out, "--at-once", "2")[0]["attempts"] == 3
    return Search(out / "experiment-4-arrangement-2")


def test_the_record_is_that_of_attempts_one_by_one(together: Search, whole: Search) -> None:
    assert {**together.description(), "at_once": None} == {**whole.description(), "at_once": None}
    ours, theirs = together.attempts(), whole.attempts()
    own = ("seconds", "after", "probabilities", "accuracy", "auc", "curve")
    assert without(ours, *own) == without(theirs, *own)
    for row, other in zip(ours, theirs, strict=True):
        assert row.keys() - {"after"} == other.keys()
        np.testing.assert_allclose(row["probabilities"], other["probabilities"], atol=0.02)
    assert not [
        path for path in together.path.iterdir() if path.name not in ("search.json", "attempts.jsonl")
    ]


def test_stopped_in_a_batch_it_goes_on_to_the_same_record(few: PackedData, tmp_path: Path) -> None:
    settings = replace(SMALL, epochs=2)
    whole, stopped = Search(tmp_path / "whole"), Search(tmp_path / "stopped")
    search_in_batches(whole, "4", few, settings, 3, 2, "cpu", until=math.inf)
    with pytest.raises(OutOfTimeError):
        search_in_batches(stopped, "4", few, settings, 3, 2, "cpu", until=-math.inf)
    assert not stopped.attempts()
    assert (stopped.path / "attempts-1-2.pt").exists()
    assert [proposal.number for proposal in stopped.under_way()] == [1, 2]
    search_in_batches(stopped, "4", few, settings, 3, 2, "cpu", until=math.inf)
    assert without(stopped.attempts(), "seconds") == without(whole.attempts(), "seconds")
    assert not stopped.under_way()
    assert not list(stopped.path.glob("*.pt"))


def test_a_finished_search_makes_no_attempt_more(packed: Path, together: Search) -> None:
    before = together.record.read_text()
    assert (
        started(packed, together.path.parent, "--at-once", "2")[0]["accuracy"] == together.best()["accuracy"]
    )
    assert together.record.read_text() == before


def test_other_settings_are_refused(packed: Path, together: Search) -> None:
    with pytest.raises(RunError, match="at_once 2, not 3"):
        started(packed, together.path.parent, "--at-once", "3")


def test_without_time_nothing_is_begun(packed: Path, tmp_path: Path) -> None:
    result = {"experiment": "4", "arrangement": 2, "attempts": 0, "accuracy": None}
    assert started(packed, tmp_path, "--minutes", "0") == [result]
    assert not list(tmp_path.iterdir())


def test_attempts_that_diverge_are_worth_chance(
    few: PackedData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hopeless = [Real(1e30, 1e31, prior="log-uniform", name="learning_rate"), *SPACE[1:]]
    monkeypatch.setattr("train.paper.search.record.SPACE", hopeless)
    record = Search(tmp_path)
    search_in_batches(record, "4", few, SMALL, 2, 2, "cpu", until=math.inf)
    assert [(row["diverged"], row["accuracy"]) for row in record.attempts()] == [(True, 0.5)] * 2


def test_transfer_learning_needs_weights_in_the_file(packed: Path, tmp_path: Path) -> None:
    with pytest.raises(click.UsageError, match="has no ImageNet weights, which experiment 3 needs"):
        started(packed, tmp_path, "--experiment", "3")


@pytest.mark.slow
def test_searches_in_processes_of_their_own(packed: Path, together: Search, tmp_path: Path) -> None:
    results = started(packed, tmp_path, "--at-once", "2", "--arrangement", "1", "--processes", "2")
    assert [(result["arrangement"], result["attempts"]) for result in results] == [(2, 3), (1, 3)]
    record = Search(tmp_path / together.path.name)
    assert without(record.attempts(), "seconds") == without(together.attempts(), "seconds")
