from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from deploy.trained_runs.multi_source import trained_run
from tests.train.small_runs import PLAIN, RECIPE, WEIGHTS, recipe
from train.data.covid_ct import DataError
from train.data.sources import fingerprint, read_source
from train.multi_source.crops import Crops
from train.multi_source.evaluation import validate
from train.multi_source.fit import Training, fit, learning_rate_at
from train.multi_source.run import MultiSourceRun
from train.multi_source.samples import Samples
from train.networks import predict
from train.run import DivergedError, RunError


class StoppedError(Exception):
    """Stands for whatever ends a process."""


@pytest.fixture(autouse=True)
def short_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("train.multi_source.fit.ROUND", 2)


@pytest.fixture
def stopped_at_step_3(
    three: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> MultiSourceRun:
    """A run that ended after its first checkpoint and a step more."""
    batch = Samples.batch

    def stopping(self: Samples, step: int) -> Any:
        if step == 3:
            raise StoppedError
        return batch(self, step)

    run = MultiSourceRun(tmp_path / "stopped")
    with monkeypatch.context() as patch:
        patch.setattr(Samples, "batch", stopping)
        with pytest.raises(StoppedError):
            fit(RECIPE, three, run, None, cache=cache)
    return run


def weights(run: MultiSourceRun) -> dict[str, torch.Tensor]:
    return torch.load(run.weights, weights_only=True)


def test_stopped_and_resumed_ends_with_the_same_weights(
    stopped_at_step_3: MultiSourceRun, three: Path, cache: Path, tmp_path: Path
) -> None:
    assert not stopped_at_step_3.weights.exists()
    whole = MultiSourceRun(tmp_path / "whole")
    fit(RECIPE, three, whole, None, cache=cache)
    fit(RECIPE, three, stopped_at_step_3, None, resume=True, cache=cache)
    first, second = weights(whole), weights(stopped_at_step_3)
    assert first.keys() == second.keys()
    for name, tensor in first.items():
        assert torch.equal(tensor, second[name]), name
    for name in ("losses.csv", "recipe.json"):
        assert (whole.path / name).read_text() == (stopped_at_step_3.path / name).read_text()


def test_a_second_run_does_not_overwrite_the_first(stopped_at_step_3: MultiSourceRun, three: Path) -> None:
    before = stopped_at_step_3.checkpoint.read_bytes()
    with pytest.raises(RunError, match="--resume continues it"):
        fit(RECIPE, three, stopped_at_step_3, None)
    assert stopped_at_step_3.checkpoint.read_bytes() == before


def test_resuming_with_another_recipe_is_refused(
    stopped_at_step_3: MultiSourceRun, three: Path, cache: Path
) -> None:
    with pytest.raises(RunError, match=r"was begun with seed 0, not 1; learning_rate 0\.001, not 0\.5$"):
        fit(recipe(seed=1, learning_rate=0.5), three, stopped_at_step_3, None, resume=True, cache=cache)


def test_resuming_with_other_slices_is_refused(
    stopped_at_step_3: MultiSourceRun, three: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(three, other)
    source = other / "sars-cov-2-ct"
    shutil.copy(max((source / "COVID").iterdir()), source / "more.png")
    with (source / "table.csv").open("a") as table:
        table.write("more.png,COVID-19,another,train\n")
    with pytest.raises(DataError, match=r"not those that .* was begun with"):
        fit(RECIPE, other, stopped_at_step_3, None, resume=True)


def test_a_learning_rate_that_is_too_high_is_said_to_be(three: Path, cache: Path, tmp_path: Path) -> None:
    run = MultiSourceRun(tmp_path / "diverged")
    with pytest.raises(DivergedError, match=r"the loss is (nan|inf) at step \d; try a lower learning rate"):
        fit(recipe(optimiser="sgd", learning_rate=1e30, warm_up=1), three, run, None, cache=cache)
    assert not run.weights.exists()
    with pytest.raises(RunError, match="multi-source fit --resume"):
        run.network()


def test_a_run_folder_says_how_the_network_was_made(finished: MultiSourceRun, three: Path) -> None:
    assert finished.recipe() == RECIPE
    record = finished.record()
    assert record["split"] == {name: fingerprint(read_source(name, three)) for name in WEIGHTS}
    assert {"torch", "numpy", "python"} <= record["versions"].keys()
    for path in finished.path.glob("*.json"):
        assert str(three) not in path.read_text()


def test_the_folder_holds_the_network_that_was_returned(
    three: Path, cache: Path, crops: Crops, tmp_path: Path
) -> None:
    run = MultiSourceRun(tmp_path / "run")
    network = fit(RECIPE, three, run, None, cache=cache)
    again = run.network()
    assert not again.training
    assert run.record()["mean"] == pytest.approx(crops.images.mean() / 255)
    assert run.record()["std"] == pytest.approx(crops.images.std() / 255)
    images = crops.images[:8]
    first, second = predict.logits(network, images), predict.logits(again, images)
    torch.testing.assert_close(first, second)
    assert np.ptp(predict.probabilities(first)) > 0


@pytest.mark.parametrize("decay", [0.0, 0.995])
def test_the_moving_average_is_kept_and_without_one_the_last_weights(
    decay: float, three: Path, cache: Path, tmp_path: Path
) -> None:
    run = MultiSourceRun(tmp_path / "run")
    fit(recipe(steps=4, average_decay=decay), three, run, None, cache=cache)
    last = torch.load(run.checkpoint, weights_only=True)["network"]
    name = "classifier.weight"
    assert torch.allclose(weights(run)[name], last[name], atol=1e-6) == (decay == 0)


def test_no_file_is_opened_but_those_of_the_training_parts(three: Path, tmp_path: Path) -> None:
    own, kept = tmp_path / "data", {name: 1.0 for name in WEIGHTS if name != "luna-slices"}
    shutil.copytree(three, own, ignore=shutil.ignore_patterns("luna-slices"))
    for name in kept:
        split = read_source(name, own)
        for item in split.val + split.test:
            (own / item.path).write_bytes(b"")
    run = MultiSourceRun(tmp_path / "run")
    fit(recipe(sources=kept, steps=1), own, run, None)
    assert run.record()["split"].keys() == kept.keys()


def test_training_reduces_the_loss(
    three: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("train.multi_source.fit.ROUND", 10)
    run = MultiSourceRun(tmp_path / "run")
    easy = recipe(**PLAIN, sources={"mosmed": 1.0}, steps=40, batch_size=8)
    fit(easy, three, run, None, cache=cache)
    rows = list(csv.DictReader((run.path / "losses.csv").open()))
    assert [row["step"] for row in rows] == ["10", "20", "30", "40"]
    assert float(rows[-1]["train_loss"]) < 0.8 * float(rows[0]["train_loss"])


def learning_rates(**changes: Any) -> NDArray[np.float64]:
    chosen = recipe(learning_rate=1.0, warm_up=60, steps=600, **changes)
    return np.array([learning_rate_at(chosen, step) for step in range(601)])


def test_the_learning_rate_rises_to_the_whole_and_falls_to_a_hundredth() -> None:
    rates = learning_rates()
    np.testing.assert_allclose(rates[:60], np.arange(1, 61) / 60)
    assert rates.max() == pytest.approx(1.0)
    assert (np.diff(rates[60:]) < 0).all()
    assert rates[330] == pytest.approx(0.505)
    assert rates[600] == pytest.approx(0.01)


def test_a_missing_source_is_named_before_anything_is_written(tmp_path: Path) -> None:
    run = MultiSourceRun(tmp_path / "run")
    with pytest.raises(DataError, match=re.escape(str(tmp_path / "sars-cov-2-ct"))):
        fit(RECIPE, tmp_path, run, None)
    assert not run.path.exists()


def test_a_dense_average_is_the_mean_of_the_weights_along_the_way(
    three: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    along: list[torch.Tensor] = []
    step = Training._step

    def noted(self: Training, samples: Samples, number: int) -> float:
        loss = step(self, samples, number)
        along.append(self.network.classifier.weight.detach().clone())
        return loss

    monkeypatch.setattr(Training, "_step", noted)
    run = MultiSourceRun(tmp_path / "run")
    fit(recipe(steps=4, averaging="dense", dense_from=2), three, run, None, cache=cache)
    torch.testing.assert_close(run.network().classifier.weight, torch.stack(along[2:]).mean(0))


def test_maps_may_be_trained_as_they_are_shown(three: Path, cache: Path, tmp_path: Path) -> None:
    runs = [MultiSourceRun(tmp_path / str(shown)) for shown in (False, True)]
    for run, shown in zip(runs, (False, True), strict=True):
        fit(recipe(steps=2, shown_maps=shown), three, run, None, cache=cache)
    assert not torch.equal(*(run.network().classifier.weight for run in runs))


def test_a_training_may_start_from_a_finished_one(
    finished: MultiSourceRun, three: Path, cache: Path, tmp_path: Path
) -> None:
    run, first = MultiSourceRun(tmp_path / "run"), finished.network()
    begun = recipe(steps=2, learning_rate=1e-12, pooling="attention", start="finished")
    fit(begun, three, run, None, cache=cache, start=first)
    network = run.network()
    torch.testing.assert_close(network.classifier.weight, first.classifier.weight)
    torch.testing.assert_close(network.fire9.squeeze.weight, first.fire9.squeeze.weight)
    assert network.attention is not None
    validate(run, three, cache)
    with pytest.raises(RunError, match="pools by attention"):
        trained_run(run)
