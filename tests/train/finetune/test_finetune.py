from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.train.finetune.conftest import SETTINGS, inputs_of, recipe_for
from train.data.covid_ct import DataError
from train.finetune import validation
from train.finetune.finetune import finetune
from train.finetune.parent import Parent
from train.finetune.run import FinetuneRun
from train.finetune.training import Finetuning
from train.multi_source.samples import Samples
from train.networks import predict
from train.run import RunError

pytestmark = pytest.mark.long

FILES = ("weights.pt", "validation.csv", "losses.csv", "validation.json", "validation.png", "recipe.json")


class StoppedError(Exception):
    """Stands for whatever ends a process."""


def test_two_runs_and_one_that_was_stopped_give_the_same_bytes(
    parent: Parent, hospital: Path, three: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = inputs_of(parent, hospital, three, cache)
    recipe = recipe_for(inputs, steps=5)
    first, second, stopped = (FinetuneRun(tmp_path / name) for name in ("first", "second", "stopped"))
    for run in (first, second):
        finetune(inputs, recipe, SETTINGS, run)
    batch = Samples.batch

    def stopping(self: Samples, step: int) -> Any:
        if step == 3:
            raise StoppedError
        return batch(self, step)

    with monkeypatch.context() as patch:
        patch.setattr(Samples, "batch", stopping)
        with pytest.raises(StoppedError):
            finetune(inputs, recipe, SETTINGS, stopped)
    assert not stopped.weights.exists()
    finetune(inputs, recipe, SETTINGS, stopped, resume=True)
    for name in FILES:
        content = (first.path / name).read_bytes()
        assert content == (second.path / name).read_bytes(), name
        assert content == (stopped.path / name).read_bytes(), name


def test_the_parent_is_in_the_race_and_kept_where_no_step_is_better(
    parent: Parent, hospital: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([0.5, 0.6, 0.7, 0.1])
    monkeypatch.setattr(validation, "loss_of_tables", lambda *_: next(losses))
    inputs, run = inputs_of(parent, hospital), FinetuneRun(tmp_path / "run")
    content = finetune(inputs, recipe_for(inputs, steps=20), SETTINGS, run)
    assert content["selected_step"] == 0
    assert next(losses) == 0.1  # patience had ended before
    for name, tensor in torch.load(run.weights, weights_only=True).items():
        assert torch.equal(tensor, parent.network.state_dict()[name]), name


def test_the_step_of_the_least_loss_is_kept(
    parent: Parent, hospital: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses, averages = iter([0.5, 0.2, 0.3]), []
    select = Finetuning.select

    def selecting(self: Finetuning, loss: float, measured: Any) -> None:
        averages.append({name: t.clone() for name, t in self.average.state_dict().items()})
        select(self, loss, measured)

    monkeypatch.setattr(validation, "loss_of_tables", lambda *_: next(losses))
    monkeypatch.setattr(Finetuning, "select", selecting)
    inputs, run = inputs_of(parent, hospital), FinetuneRun(tmp_path / "run")
    assert finetune(inputs, recipe_for(inputs), SETTINGS, run)["selected_step"] == 2
    kept = torch.load(run.weights, weights_only=True)
    assert all(torch.equal(kept[name], averages[1][name]) for name in kept)
    assert not all(torch.equal(kept[name], averages[2][name]) for name in kept)


def test_training_lowers_the_loss_on_the_hospitals_slices(
    parent: Parent, hospital: Path, tmp_path: Path
) -> None:
    inputs, run = inputs_of(parent, hospital), FinetuneRun(tmp_path / "run")
    recipe = replace(recipe_for(inputs, steps=40), batch_size=8)
    finetune(inputs, recipe, replace(SETTINGS, every=10, patience=10), run)
    rows = list(csv.DictReader((run.path / "validation.csv").open()))
    assert [int(row["step"]) for row in rows] == [0, 10, 20, 30, 40]
    assert {(row["source"], row["slices"], row["units"]) for row in rows} == {("ours", "8", "4")}
    losses = [float(row["loss"]) for row in rows]
    assert min(losses[1:]) < 0.8 * losses[0]
    selected = json.loads(run.validation_file.read_text())["selected_step"]
    assert losses[selected // 10] == min(losses)


def test_no_slice_of_the_test_part_is_trained_on_or_judged(
    parent: Parent, hospital: Path, three: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs, seen = inputs_of(parent, hospital, three), []
    crops = type(inputs).crops
    monkeypatch.setattr(
        type(inputs), "crops", lambda self, items: (seen.extend(items), crops(self, items))[1]
    )
    finetune(inputs, recipe_for(inputs, steps=1), SETTINGS, FinetuneRun(tmp_path / "run"))
    read = {item.path for item in seen}
    for source in inputs.sources.values():
        assert {item.path for item in source.train + source.val} <= read
        assert not {item.path for item in source.test} & read


def test_a_run_says_how_it_was_made_and_holds_the_parents_sources(
    parent: Parent, hospital: Path, tmp_path: Path
) -> None:
    inputs, run = inputs_of(parent, hospital), FinetuneRun(tmp_path / "run")
    content = finetune(inputs, recipe_for(inputs), SETTINGS, run)
    record = run.record()
    assert record["kind"] == "finetune"
    assert record["parent"]["weights_sha256"] == parent.weights_sha256
    assert record["tables"]["ours"]["parts"] == {
        "train": {"slices": 16, "units": 8, "covid": 8},
        "val": {"slices": 8, "units": 4, "covid": 4},
        "test": {"slices": 8, "units": 4, "covid": 4},
    }
    assert run.about().keys() == {*parent.about, "ours"}
    assert run.about()["ours"].licence == "ours alone"
    assert run.threshold() == content["threshold"]
    assert content["parent"]["threshold"] == parent.threshold
    images = inputs.crops(inputs.tables["ours"].source.val).images
    assert np.isfinite(predict.probabilities(predict.logits(run.network(), images))).all()


@pytest.mark.parametrize("stand_in", ["distillation", "pull"])
def test_what_stands_in_for_the_sources_keeps_the_network_near_its_parent(
    stand_in: str, parent: Parent, hospital: Path
) -> None:
    inputs = inputs_of(parent, hospital)
    recipe = recipe_for(inputs, steps=6)
    samples, crops = (
        Samples(inputs.crops(inputs.sources["ours"].train), recipe),
        inputs.crops(inputs.sources["ours"].val),
    )

    def off(weight: float) -> float:
        training = Finetuning(recipe, replace(SETTINGS, every=6, **{stand_in: weight}), parent.network)
        training.round(samples)
        if stand_in == "pull":
            return float(training._distance().detach())
        before, after = (predict.logits(n, crops.images) for n in (parent.network, training.network))
        return float((after - before).abs().mean())

    assert off(100.0) < 0.7 * off(0.0)


def test_batch_normalisation_keeps_the_parents_statistics(parent: Parent, hospital: Path) -> None:
    inputs = inputs_of(parent, hospital)
    training = Finetuning(recipe_for(inputs), SETTINGS, parent.network)
    training.round(Samples(inputs.crops(inputs.sources["ours"].train), recipe_for(inputs)))
    before, after = parent.network.state_dict(), training.network.state_dict()
    for name in before:
        assert torch.equal(before[name], after[name]) == ("running" in name or "num_batches" in name), name


def test_a_folder_that_holds_a_run_is_not_overwritten(parent: Parent, hospital: Path, tmp_path: Path) -> None:
    inputs, run = inputs_of(parent, hospital), FinetuneRun(tmp_path / "run")
    finetune(inputs, recipe_for(inputs), SETTINGS, run)
    before = run.weights.read_bytes()
    with pytest.raises(RunError, match="--resume continues it"):
        finetune(inputs, recipe_for(inputs), SETTINGS, run)
    with pytest.raises(RunError, match="was begun with seed 0, not 1"):
        finetune(inputs, recipe_for(inputs, seed=1), SETTINGS, run, resume=True)
    other = replace(parent, network=type(parent.network)(upsample_groups=parent.recipe.upsample_groups))
    with pytest.raises(RunError, match="was begun from another network"):
        finetune(replace(inputs, parent=other), recipe_for(inputs), SETTINGS, run, resume=True)
    assert run.weights.read_bytes() == before


def test_other_slices_than_those_it_was_begun_with_are_refused(
    parent: Parent, own_hospital: Path, tmp_path: Path
) -> None:
    inputs, run = inputs_of(parent, own_hospital), FinetuneRun(tmp_path / "run")
    finetune(inputs, recipe_for(inputs), SETTINGS, run)
    (own_hospital / "0-0-0.png").write_bytes((own_hospital / "0-0-1.png").read_bytes())
    with pytest.raises(DataError, match=r"its slices are not those that .* was begun with"):
        finetune(inputs_of(parent, own_hospital), recipe_for(inputs), SETTINGS, run, resume=True)
    with pytest.raises(DataError, match=r"its slices are not those that .* was trained with"):
        run.read_source("ours", Path())
