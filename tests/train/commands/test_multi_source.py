from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result

from edgect.errors import UsageError
from tests.train.small_runs import WEIGHTS
from train.commands import main
from train.data.covid_ct import DataError
from train.data.sources import released
from train.multi_source.recipe import PARTS_OF_RECIPE, Recipe
from train.multi_source.run import MultiSourceRun
from train.run import RunError

pytestmark = pytest.mark.filterwarnings("ignore:All-NaN")  # two steps of training tell nothing apart

SMALL = ["--image-size", "67", "83", "--steps", "2", "--threads", "1"]
FP32 = ["--precision", "fp32"]  # else it would measure which is faster here


def multi_source(*arguments: Any) -> Result:
    return CliRunner().invoke(main, ["multi-source", *map(str, arguments)])


def printed(*arguments: Any) -> dict[str, Any]:
    """What the command says on stdout."""
    result = multi_source(*arguments)
    assert result.exit_code == 0, result.output
    content: dict[str, Any] = json.loads(result.stdout)
    return content


@pytest.fixture
def fit_calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What `fit` is asked for, without its being done."""
    calls: list[tuple[Any, ...]] = []
    monkeypatch.setattr("train.multi_source.fit.fit", lambda *arguments: calls.append(arguments))
    monkeypatch.setattr("train.multi_source.evaluation.validate", lambda *arguments: {})
    return calls


@pytest.mark.long
def test_fit_then_evidence(three: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.models import squeezenet1_1  # slow to load: not while tests are collected

    weights, out = tmp_path / "imagenet.npz", tmp_path / "run"
    np.savez(weights, **{name: value.numpy() for name, value in squeezenet1_1().state_dict().items()})
    shown = printed(
        *("fit", "--data", three, "--cache", cache, "--out", out, "--pretrained", weights, *SMALL),
        *("--leave-out", "covid-ct", "--leave-out", "sirm", "--precision", "bf16"),
    )
    run = MultiSourceRun(out)
    assert shown == json.loads((out / "validation.json").read_text())
    assert run.recipe().sources == WEIGHTS
    assert run.recipe().pretrained == "imagenet.npz"
    assert len(str(run.recipe().pretrained_sha256)) == 64
    assert run.recipe().precision == "bf16"
    monkeypatch.setattr("train.analysis.source_evidence.released", lambda: {"mosmed": 1.0})
    measured = printed("evidence", out, "--data", three, "--cache", cache)
    assert measured == json.loads((out / "across-evidence.json").read_text())
    assert measured["sources"]["mosmed"]["images"] == 10
    assert run.readings("test")[0]["by"] == "train across evidence"


def test_fit_then_validate_then_test(data: Path, cache: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    shared = ("--data", data, "--cache", cache)
    options = [*SMALL, *FP32, "--without", "lung crop", "--leave-out", "sirm"]
    chosen = printed("fit", *shared, "--out", out, *options)
    assert chosen["elsewhere"].keys() == {"sirm"}
    (out / "validation.json").unlink()
    assert printed("validate", out, *shared) == chosen
    reading = printed("test", out, *shared)
    assert reading["threshold"] == chosen["threshold"]
    assert {*released(), "sirm, all parts", "test-2"} <= reading["sources"].keys()
    written = MultiSourceRun(out).readings("test")
    assert [{**line, "date": ""} for line in written] == [{**reading, "date": ""}]


def test_what_is_asked_for_is_done(fit_calls: list[tuple[Any, ...]], tmp_path: Path) -> None:
    options = ["--seed", 3, "--steps", 7, "--image-size", 99, 131, "--precision", "fp32", "--threads", 2]
    only = ["--source", "mosmed", "--source", "covid-ct"]
    multi_source("fit", "--data", tmp_path, "--out", tmp_path / "run", *options, *only, "--resume")
    recipe, data, run, weights, resume, cache, members, keep_every, start = fit_calls[0]
    wanted = Recipe(seed=3, steps=7, image_size=(99, 131), precision="fp32", threads=2)
    assert recipe == replace(wanted, sources={"covid-ct": 1.0, "mosmed": 1.0})
    assert (data, run.path, weights, resume, cache) == (tmp_path, tmp_path / "run", None, True, None)
    assert (members, keep_every) == ([], 0)
    assert start is None


@pytest.mark.parametrize("part", PARTS_OF_RECIPE)
def test_each_part_of_the_recipe_can_be_left_out(
    part: str, fit_calls: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    weights = tmp_path / "imagenet.npz"
    np.savez(weights, anything=np.zeros(1))
    shared = ["fit", "--data", tmp_path, "--out", tmp_path / "run", "--precision", "fp32"]
    shared += ["--threads", 1, "--pretrained", weights]
    multi_source(*shared)
    multi_source(*shared, "--without", part)
    (whole, _, _, full_weights, *_), (less, _, _, less_weights, *_) = fit_calls
    assert whole.pretrained == "imagenet.npz"
    assert less != whole
    assert (less_weights is None) == (part == "pretrained start")
    assert full_weights is not None


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        (["--image-size", "100", "83"], UsageError, "image size 100 does not fit the network; 67, 83"),
        (["--source", "luna-slices"], DataError, "no COVID slices to draw from luna-slices"),
    ],
)
def test_what_cannot_be_trained_is_said(
    options: list[str], kind: type[Exception], message: str, three: Path, cache: Path, tmp_path: Path
) -> None:
    result = multi_source(
        "fit", "--data", three, "--cache", cache, "--out", tmp_path / "run", *SMALL, *FP32, *options
    )
    assert isinstance(result.exception, kind)
    assert message in str(result.exception)


def test_no_source_at_all(tmp_path: Path) -> None:
    leave_out = [option for name in released() for option in ("--leave-out", name)]
    result = multi_source("fit", "--data", tmp_path, "--out", tmp_path / "run", *leave_out)
    assert result.exit_code == click.UsageError.exit_code
    assert "no source is left to train on" in result.stderr


@pytest.mark.long
def test_an_unfinished_run_is_told_from_a_finished_one(three: Path, tmp_path: Path) -> None:
    result = multi_source("validate", tmp_path, "--data", three)
    assert isinstance(result.exception, RunError)
    command = [sys.executable, "-m", "train", "multi-source", "validate", str(tmp_path), "--data", str(three)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == f"Error: {result.exception}\n"


@pytest.mark.long
def test_another_source_is_a_folder_with_a_table(three: Path, tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "run"
    shutil.copytree(three / "sars-cov-2-ct", data / "ours")
    (data / "ours/table.about.json").write_text('{"name": "Our hospital", "licence": "ours alone"}')
    chosen = printed(
        "fit", "--data", data, "--out", out, *SMALL, "--source", "ours:2", "--without", "lung crop"
    )
    assert chosen["sources"].keys() == {"ours"}
    run = MultiSourceRun(out)
    assert run.recipe().sources == {"ours": 2.0}
    assert run.about()["ours"].licence == "ours alone"
    assert [run.record()["split"]["ours"][part]["slices"] for part in ("train", "val", "test")] == [
        60,
        20,
        40,
    ]


def test_a_source_beside_the_released_ones(fit_calls: list[tuple[Any, ...]], tmp_path: Path) -> None:
    also = ["--also", "ours", "--also", "sirm:0.5", *FP32]
    multi_source("fit", "--data", tmp_path, "--out", tmp_path / "run", *also)
    assert fit_calls[0][0].sources == {**released(), "sirm": 0.5, "ours": 1.0}


def test_leaving_out_what_is_not_there(tmp_path: Path) -> None:
    result = multi_source("fit", "--data", tmp_path, "--out", tmp_path / "run", "--leave-out", "typo")
    assert result.exit_code == click.UsageError.exit_code
    assert "--leave-out typo: is none of covid-ct, sars-cov-2-ct" in result.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--architecture", "efficientnet-lite0", "--pooling", "attention"], "are the light CNN's"),
        (["--architecture", "efficientnet-lite0", "--start", "."], "are the light CNN's"),
        (["--start", ".", "--pretrained", "imagenet.npz"], "give one"),
    ],
)
def test_what_would_be_recorded_and_not_done_is_refused(
    options: list[str], message: str, fit_calls: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    result = multi_source("fit", "--data", tmp_path, "--out", tmp_path / "run", *options)
    assert result.exit_code == click.UsageError.exit_code
    assert message in result.stderr
    assert fit_calls == []
