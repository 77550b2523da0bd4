"""The form computes what the network does."""

from __future__ import annotations

import pytest
import torch

from deploy.int8 import form
from deploy.int8.simulated import Float, tensor_of
from tests.deploy.int8.networks import finished, images, light_cnn


@pytest.mark.parametrize(
    ("size", "groups", "map_side"),
    [((67, 67), 2, 1), ((227, 227), 2, 1), ((67, 99), 8, 4), ((99, 67), 16, 4), ((83, 67), 1, 4)],
)
def test_in_float_it_answers_as_the_network(size: tuple[int, int], groups: int, map_side: int) -> None:
    network, shown = light_cnn(groups, map_side), images(2, size)
    with torch.inference_mode():
        wanted = dict(
            zip(("logits", "cam", "embedding"), network(torch.from_numpy(shown[:, None])), strict=True)
        )
        maps = form.last_maps(Float(form.convolutions(network)), tensor_of(shown))
        outputs = finished(maps, form.head(network))
    for name, value in wanted.items():
        assert value.std() > 1e-2
        torch.testing.assert_close(torch.from_numpy(outputs[name]), value, rtol=1e-3, atol=1e-4)


def test_the_networks_own_weights_stay_as_they_are() -> None:
    network = light_cnn()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    for conv in form.convolutions(network).values():
        conv.weight.fill_(7)
        conv.bias.fill_(7)
    form.head(network).weight.fill(7)
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name])
