from __future__ import annotations

import itertools

import pytest
import torch

from train.networks import precision
from train.networks.light_cnn import LightCNN
from train.networks.precision import fastest_precision


@pytest.mark.parametrize(
    ("fp32", "bf16", "chosen"), [(1.0, 0.5, "bf16"), (1.0, 2.0, "fp32"), (1.0, 0.95, "fp32")]
)
def test_the_faster_is_chosen_where_it_is_worth_it(
    fp32: float, bf16: float, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, steps = 0.0, itertools.cycle([fp32, bf16])

    def passes(*_: object) -> None:
        nonlocal now
        now += next(steps)

    monkeypatch.setattr(precision, "_step", passes)
    monkeypatch.setattr(precision.time, "perf_counter", lambda: now)
    assert fastest_precision(LightCNN(), (67, 83), 4) == (chosen, {"fp32": fp32, "bf16": bf16})


def test_the_network_is_as_it_was() -> None:
    network = LightCNN().eval()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    chosen, seconds = fastest_precision(network, (67, 83), 2)
    assert chosen in seconds
    assert all(value > 0 for value in seconds.values())
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())
