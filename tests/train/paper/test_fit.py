from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from tests import in_process
from train.commands import main
from train.paper.fit import fit
from train.run import Run, RunError, TrainingSettings

SMALL = TrainingSettings(
    image_size=67, epochs=1, more_epochs=1, augmentation="none", learning_rate=0.02, threads=1
)


@pytest.fixture(scope="module")
def finished(covid_ct: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = Run(tmp_path_factory.mktemp("runs") / "whole")
    fit(SMALL, covid_ct, run)
    return run


def test_schedule_of_the_paper() -> None:
    rates = [TrainingSettings(learning_rate=1.0).learning_rate_at(epoch) for epoch in range(40)]
    assert rates[:25] == [1.0] * 25
    assert rates[25] == rates[29] == pytest.approx(0.8)
    assert rates[39] == pytest.approx(0.8**3)
    assert TrainingSettings().all_epochs == 40


def test_a_run_folder_says_how_the_network_was_made(finished: Run) -> None:
    record = finished.record()
    assert TrainingSettings(**record["settings"]) == SMALL
    assert {"torch", "numpy", "python"} <= record["versions"].keys()
    assert record["selected"]["epoch"] in (1, 2)
    assert [len(finished.arrangement().part(p)) for p in ("train", "val", "test")] == [60, 46, 50]
    rows = list(csv.DictReader((finished.path / "epochs.csv").open()))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert {"train_loss", "val_accuracy", "val_auc"} <= rows[0].keys()


def test_training_reduces_the_loss(finished: Run) -> None:
    rows = list(csv.DictReader((finished.path / "epochs.csv").open()))
    assert float(rows[1]["train_loss"]) < float(rows[0]["train_loss"])


def test_the_selected_epoch_is_the_best_on_validation(finished: Run) -> None:
    rows = list(csv.DictReader((finished.path / "epochs.csv").open()))
    best = max(float(row["val_accuracy"]) for row in rows)
    assert finished.record()["selected"]["val_accuracy"] == pytest.approx(best, abs=1e-6)


def test_no_path_of_this_machine_is_recorded(finished: Run, covid_ct: Path) -> None:
    for name in ("run.json", "split.json", "epochs.csv"):
        assert str(covid_ct) not in (finished.path / name).read_text()


def test_a_second_run_does_not_overwrite_the_first(finished: Run, covid_ct: Path) -> None:
    with pytest.raises(RunError, match="--resume continues it"):
        fit(SMALL, covid_ct, finished)


def test_resuming_with_other_settings_is_refused(finished: Run, covid_ct: Path) -> None:
    other = TrainingSettings(**{**finished.record()["settings"], "momentum": 0.1})
    with pytest.raises(RunError, match=r"momentum 0\.87589, not 0\.1"):
        fit(other, covid_ct, finished, resume=True)


@pytest.mark.long
@pytest.mark.parametrize(
    "extra",
    [[], pytest.param(["--average-decay", "0.9"], marks=pytest.mark.slow)],
    ids=["plain", "averaged"],
)
def test_killed_and_resumed_ends_with_the_same_weights(
    covid_ct: Path, tmp_path: Path, extra: list[str]
) -> None:
    def command(out: Path) -> list[str]:
        options = ["--image-size", "67", "--epochs", "2", "--more-epochs", "1", "--threads", "1"]
        where = ["--data", str(covid_ct), "--out", str(out)]
        return ["fit", *where, *options, "--augmentation", "none", *extra]

    assert in_process.run(main, *command(tmp_path / "whole")).returncode == 0
    process = subprocess.Popen([sys.executable, "-m", "train", *command(tmp_path / "killed")])
    while not (tmp_path / "killed" / "checkpoint.pt").exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "killed" / "weights.pt").exists()
    assert in_process.run(main, *command(tmp_path / "killed"), "--resume").returncode == 0

    whole, killed = (torch.load(tmp_path / n / "weights.pt", weights_only=True) for n in ("whole", "killed"))
    for name in whole:
        assert torch.equal(whole[name], killed[name]), name
    for name in ("epochs.csv", "run.json", "split.json"):
        assert (tmp_path / "whole" / name).read_text() == (tmp_path / "killed" / name).read_text()


@pytest.mark.slow
def test_bfloat16_trains_and_is_recorded(covid_ct: Path, tmp_path: Path) -> None:
    run = Run(tmp_path / "bf16")
    fit(TrainingSettings(**{**vars(SMALL), "precision": "bf16", "more_epochs": 0}), covid_ct, run)
    assert run.settings().precision == "bf16"
    assert {value.dtype for value in run.network().state_dict().values()} == {torch.float32, torch.int64}


def test_the_command_line_says_which_image_sizes_fit(covid_ct: Path, tmp_path: Path) -> None:
    done = in_process.run(main, "fit", "--data", covid_ct, "--out", tmp_path / "r", "--image-size", 100)
    assert done.returncode == 2
    assert done.stderr == "Error: image size 100 does not fit the network; 67, 83, 99, ... 227 do\n"


def test_an_unfinished_run_has_no_network(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps({"mean": 0.5, "std": 0.2}))
    with pytest.raises(RunError, match="fit --resume"):
        Run(tmp_path).network()
    with pytest.raises(RunError, match=r"is .* a run folder"):
        Run(tmp_path / "nowhere").record()
