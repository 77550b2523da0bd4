"""Training in INT8: what it is for, and that interruptions change nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from deploy.int8 import distil, form, rounding, scheme, simulated
from deploy.int8.distil import DistillationSettings
from deploy.int8.form import Conv
from tests.deploy.int8.networks import Small, images, light_cnn, small

SETTINGS = DistillationSettings(steps=4, rate=1e-4, seed=3)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distil, "BATCH", 2)


@pytest.fixture(scope="module")
def network() -> Small:
    return small((67, 67), 16, 4, True)


def run(network: Small, settings: DistillationSettings, state: Path, **other: Any) -> dict[str, Conv]:
    images = other.pop("images", network.images)
    start = other.pop("start", network.convs)
    return distil.distil(network.real, start, network.scheme, network.head, images, settings, state)


def alike(some: Mapping[str, Conv], others: Mapping[str, Conv]) -> bool:
    """Bit by bit."""
    pairs = [(some[name], others[name]) for name in some.keys() | others.keys()]
    return all(torch.equal(a.weight, b.weight) and torch.equal(a.bias, b.bias) for a, b in pairs)


@pytest.fixture(scope="module")
def whole(network: Small, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Conv]:
    """Trained without interruption."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distil, "BATCH", 2)
        return run(network, SETTINGS, tmp_path_factory.mktemp("whole") / "state")


class Saves:
    """Stands in for `os.replace`, by which a state is put where it is found; stops at one of them."""

    def __init__(self, stop: int = -1) -> None:
        self.stop, self.count = stop, 0

    def __call__(self, source: Path, target: Path) -> None:
        if self.count == self.stop:
            raise KeyboardInterrupt
        self.count += 1
        os.rename(source, target)


def test_a_training_that_was_interrupted_goes_on_to_the_same_end(
    network: Small, whole: dict[str, Conv], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distil, "SAVE_EVERY", 1)
    monkeypatch.setattr(os, "replace", Saves(stop=2))
    with pytest.raises(KeyboardInterrupt):
        run(network, SETTINGS, tmp_path / "state")
    rest = Saves()
    monkeypatch.setattr(os, "replace", rest)
    assert alike(run(network, SETTINGS, tmp_path / "state"), whole)
    assert rest.count == 2  # of four steps, two were done before


def test_a_training_that_was_finished_is_not_done_again(
    network: Small, whole: dict[str, Conv], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(network, SETTINGS, tmp_path / "state")
    monkeypatch.setattr(os, "replace", saves := Saves())
    assert alike(run(network, SETTINGS, tmp_path / "state"), whole)
    assert saves.count == 0


@pytest.mark.parametrize("what", ["seed", "rate", "steps", "images", "start"])
def test_a_state_of_something_else_is_not_gone_on_from(network: Small, tmp_path: Path, what: str) -> None:
    short = replace(SETTINGS, steps=2)
    run(network, short, tmp_path / "state")
    other: dict[str, Any] = {}
    if what == "images":
        other = {"images": 255 - network.images}
    elif what == "start":
        other = {"start": network.real}
    else:
        short = replace(short, **{what: {"seed": 4, "rate": 2e-4, "steps": 3}[what]})
    again = run(network, short, tmp_path / "state", **other)
    assert alike(again, run(network, short, tmp_path / "afresh", **other))


def test_biases_alone_are_trained_and_what_it_starts_from_stays(
    network: Small, whole: dict[str, Conv]
) -> None:
    assert not alike(whole, network.convs)
    assert all(torch.equal(conv.weight, network.convs[name].weight) for name, conv in whole.items())
    for conv in (*whole.values(), *network.convs.values(), *network.real.values()):
        assert not conv.weight.requires_grad
        assert not conv.bias.requires_grad


def test_it_brings_the_log_odds_nearer_to_those_of_float(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distil, "BATCH", 4)
    for module in (scheme, simulated, rounding):
        monkeypatch.setattr(module, "WEIGHT_MAX", 7)  # so coarse that much is to be gained
    float_, shown = light_cnn(groups=16, map_side=4), images(8, (67, 67))
    convs, head = form.convolutions(float_), form.head(float_)
    network = Small(convs, *rounding.round_weights(convs, shown), head, shown)
    trained = run(network, DistillationSettings(steps=16, rate=3e-3), tmp_path / "state", start=convs)
    for keeps in (False, True):
        before, after = off(replace(network, convs=convs), keeps), off(replace(network, convs=trained), keeps)
        assert after < 0.5 * before


def off(network: Small, keeps: bool) -> float:
    """Root of the mean square of the difference in log-odds."""
    logits = [network.outputs(how)["logits"] for how in (keeps, None)]
    odds = [two_logits[:, 1] - two_logits[:, 0] for two_logits in logits]
    return float(np.sqrt(np.square(odds[0] - odds[1]).mean()))
