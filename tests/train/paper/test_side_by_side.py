"""Trainings side by side on a dozen invented slices, against the same ones made one by one."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tqdm import tqdm

from tests.covid_ct_folder import slice_of
from train.data.arrangements import Arrangement
from train.data.images import Slices
from train.paper.fit import train
from train.paper.side_by_side import History, OutOfTimeError, SideBySide, SlicesOnDevice
from train.run import Run, RunError, TrainingSettings

pytestmark = pytest.mark.long

SETTINGS = TrainingSettings(
    image_size=67, epochs=2, more_epochs=0, batch_size=4, augmentation="none", learning_rate=0.001, threads=1
)
THREE = [SETTINGS, replace(SETTINGS, learning_rate=0.004, momentum=0.5), replace(SETTINGS, l2=0.01)]
HOPELESS = replace(SETTINGS, learning_rate=1e30)
NEVER, AT_ONCE = math.inf, -math.inf


@pytest.fixture(scope="module")
def slices() -> Slices:
    rng = np.random.default_rng(0)
    labels = np.arange(18) % 2
    images = np.stack([slice_of(rng, bool(label), size=67) for label in labels])
    return Slices(images[:12], torch.from_numpy(labels[:12]), images[12:], torch.from_numpy(labels[12:]))


def side_by_side(settings: list[TrainingSettings], slices: Slices, folder: Path) -> SideBySide:
    return SideBySide(settings, SlicesOnDevice.of(slices, settings[0], "cpu"), None, folder / "attempts.pt")


def alone(settings: TrainingSettings, slices: Slices, folder: Path) -> History:
    split = Arrangement(1, 0, [], [], [])
    return train(settings, split, slices, Run(folder), None, "cpu", tqdm(disable=True)).history


def same(history: History, other: History) -> None:
    assert len(history) == len(other)
    for row, other_row in zip(history, other, strict=True):
        assert row == pytest.approx(other_row, rel=0.005, abs=1e-6)


@pytest.mark.parametrize("architecture", ["proposed", "squeezenet"])
def test_they_end_as_trainings_one_by_one_do(slices: Slices, tmp_path: Path, architecture: str) -> None:
    settings = [replace(own, architecture=architecture) for own in THREE]  # type: ignore[arg-type]
    together = side_by_side(settings, slices, tmp_path).train(NEVER)
    for number, own in enumerate(settings):
        training = together[number]
        assert training is not None
        history, logits = training
        same(history, alone(own, slices, tmp_path / str(number)))
        assert logits.shape == (6, 2)
    assert len({training[0][-1]["val_loss"] for training in together if training is not None}) == 3


def test_stopped_after_any_epoch_they_go_on_to_the_same_end(slices: Slices, tmp_path: Path) -> None:
    slices = replace(slices, images=slices.images[:4], labels=slices.labels[:4])
    settings = [replace(own, epochs=3, augmentation="paper") for own in [THREE[0], HOPELESS, THREE[1]]]
    whole = side_by_side(settings, slices, tmp_path).train(NEVER)
    assert not (tmp_path / "attempts.pt").exists()
    for _ in range(2):
        with pytest.raises(OutOfTimeError):
            side_by_side(settings, slices, tmp_path).train(AT_ONCE)
    stopped = side_by_side(settings, slices, tmp_path).train(AT_ONCE)  # the last epoch is the end
    for training, other in zip(whole, stopped, strict=True):
        assert (training is None) == (other is None)
        if training is not None and other is not None:
            assert training[0] == other[0]
            torch.testing.assert_close(training[1], other[1], rtol=0, atol=0)


def test_one_that_diverges_says_so_and_leaves_the_others_alone(slices: Slices, tmp_path: Path) -> None:
    first, diverged, last = side_by_side([THREE[0], HOPELESS, THREE[1]], slices, tmp_path).train(NEVER)
    without = side_by_side(THREE[:2], slices, tmp_path).train(NEVER)
    assert diverged is None
    for training, other in zip((first, last), without, strict=True):
        assert training is not None
        assert other is not None
        same(training[0], other[0])
    assert side_by_side([HOPELESS, HOPELESS], slices, tmp_path).train(NEVER) == [None, None]


def test_the_augmentation_may_be_drawn_anew_in_every_epoch(slices: Slices) -> None:
    settings = replace(SETTINGS, augmentation="paper")
    once = SlicesOnDevice.of(slices, settings, "cpu")
    assert torch.equal(once.of_epoch(settings, 0), once.of_epoch(settings, 1))
    anew = SlicesOnDevice.of(slices, replace(settings, redraw=True), "cpu")
    first, second = (anew.of_epoch(replace(settings, redraw=True), epoch) for epoch in (0, 1))
    assert torch.equal(first, once.of_epoch(settings, 0))
    assert torch.equal(first[:12], second[:12])
    assert not torch.equal(first[12:], second[12:])
    assert len(anew.labels) == len(first) == 48


def test_a_checkpoint_of_other_settings_is_refused(slices: Slices, tmp_path: Path) -> None:
    with pytest.raises(OutOfTimeError):
        side_by_side(THREE[:1], slices, tmp_path).train(AT_ONCE)
    with pytest.raises(RunError, match=r"attempts\.pt: is of other settings"):
        side_by_side(THREE[1:2], slices, tmp_path)
