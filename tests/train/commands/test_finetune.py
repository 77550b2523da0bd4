from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from train.commands import main
from train.finetune.run import FinetuneRun
from train.multi_source.run import MultiSourceRun
from train.opened_run import open_run

SMALL = ("--steps", 2, "--every", 1, "--threads", 1)


def finetune(*arguments: Any) -> Result:
    return CliRunner().invoke(main, ["finetune", *map(str, arguments)], env={"EDGECT_DATA": None})


@pytest.mark.long
def test_from_a_run_with_a_released_source(
    finished: MultiSourceRun, own_hospital: Path, three: Path, cache: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    shared = ("--from", finished.path, "--table", f"{own_hospital / 'ours.csv'}:2", "--out", out, *SMALL)
    result = finetune(*shared, "--data", three, "--sources", "mosmed", "--cache", cache)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == json.loads((out / "validation.json").read_text())
    run = open_run(out)
    assert isinstance(run, FinetuneRun)
    assert run.recipe().sources == {"ours": 2.0, "mosmed": 1.0}
    assert run.settings_of_finetune().distillation == 0
    assert run.record()["precision_trial"].keys() == {"fp32", "bf16"}
    record = json.loads((out / "record.json").read_text())
    assert record["command"] == "train finetune"
    assert record["tables"]["ours"]["digest"] == run.record()["tables"]["ours"]["sha256"]
    again = finetune(*shared, "--data", three, "--sources", "mosmed", "--cache", cache, "--resume")
    assert "Same inputs, same figures" in again.stderr


def test_without_sources_the_parent_stands_in(
    finished: MultiSourceRun, own_hospital: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    table = own_hospital / "ours.csv"
    result = finetune("--from", finished.path, "--table", table, "--out", out, *SMALL, "--precision", "fp32")
    assert result.exit_code == 0, result.output
    run = FinetuneRun(out)
    assert run.recipe().sources == {"ours": 1.0}
    assert run.settings_of_finetune().distillation > 0 < run.settings_of_finetune().pull
    rows = list(csv.DictReader((out / "validation.csv").open()))
    assert {row["source"] for row in rows} == {"ours"}
    assert {"validation.png", "losses.csv", "weights.pt"} <= {file.name for file in out.iterdir()}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--sources", "mosmed"], "--sources needs --data"),
        (["--sources", "nowhere"], "--sources nowhere: the start was trained on sars-cov-2-ct"),
    ],
)
def test_sources_that_are_not_there(
    options: list[str], message: str, finished: MultiSourceRun, own_hospital: Path, tmp_path: Path
) -> None:
    table = own_hospital / "ours.csv"
    result = finetune("--from", finished.path, "--table", table, "--out", tmp_path / "run", *options)
    assert result.exit_code == click.UsageError.exit_code
    assert message in result.stderr
