"""Weights are rounded so that their errors make up for each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from deploy.int8 import form, rounding
from deploy.int8.form import FIRST, LAST, UPSAMPLE
from deploy.int8.scheme import WEIGHT_MAX, Scheme
from deploy.int8.simulated import Float, Simulated, tensor_of
from tests.deploy.int8.networks import Small, small


@pytest.fixture(scope="module")
def network() -> Small:
    return small((67, 67), 8, 1, True)


def error(network: Small, convs: dict[str, form.Conv]) -> float:
    """Of the embedding, on average."""
    embedding = replace(network, convs=convs).outputs(False)["embedding"]
    return float(np.abs(embedding - network.outputs(None)["embedding"]).mean())


def test_it_is_closer_to_float_than_rounding_to_nearest(network: Small) -> None:
    assert error(network, dict(network.convs)) < 0.7 * error(network, dict(network.real))


def test_answers_are_right_on_average_over_the_calibration_set(network: Small) -> None:
    wanted = network.outputs(None)["logits"].mean(0)
    ours, nearest = (
        np.abs(replace(network, convs=convs).outputs(False)["logits"].mean(0) - wanted)
        for convs in (network.convs, network.real)
    )
    assert (ours < 0.3 * nearest).all()


def test_every_channel_of_a_convolution_is_right_on_average(network: Small) -> None:
    """Of the first, which alone reads what float reads too."""
    shown = tensor_of(network.images)
    ops = Simulated(network.convs, network.scheme, False)
    with torch.inference_mode():
        wanted = Float(network.real).conv(FIRST, shown).mean((0, 2, 3))
        mean = ops.conv(FIRST, ops.image(shown)).values.mean((0, 2, 3))
        nearest = Simulated(network.real, network.scheme, False).conv(FIRST, ops.image(shown)).values
    torch.testing.assert_close(mean, wanted, atol=1e-3, rtol=0)
    assert (nearest.mean((0, 2, 3)) - wanted).abs().max() > 1e-2


def test_it_gives_one_scale_to_every_output_channel(network: Small) -> None:
    for name, conv in network.convs.items():
        assert network.scheme.weight_scales[name].shape == (len(conv.weight), 1, 1, 1)
        assert (network.scheme.weight_scales[name] > 0).all()


def test_weights_come_rounded(network: Small) -> None:
    """Of the first convolution, whose inputs have a step of 1: whole numbers of scales."""
    whole = network.convs[FIRST].weight / network.scheme.weight_scales[FIRST]
    torch.testing.assert_close(whole, whole.round(), atol=1e-3, rtol=0)
    assert whole.abs().max() <= WEIGHT_MAX + 1e-3


def test_the_places_of_a_square_are_one_channel(network: Small) -> None:
    for place in range(16):
        assert torch.equal(network.scheme.maxima[UPSAMPLE][place::16], network.scheme.maxima[UPSAMPLE][::16])


def test_the_given_weights_stay_as_they_are(network: Small) -> None:
    before = {name: (conv.weight.clone(), conv.bias.clone()) for name, conv in network.real.items()}
    rounding.round_weights(network.real, network.images)
    for name, (weight, bias) in before.items():
        assert torch.equal(network.real[name].weight, weight)
        assert torch.equal(network.real[name].bias, bias)


def test_weights_of_exactly_zero_stay_numbers(network: Small) -> None:
    """A channel that weight decay has switched off, and a single weight."""
    convs = {
        name: replace(conv, weight=conv.weight.clone(), bias=conv.bias.clone())
        for name, conv in network.real.items()
    }
    convs[FIRST].weight[0] = 0
    convs[LAST].weight[:, 0] = 0
    convs["fire4.expand3x3"].weight[0, 0, 0, 0] = 0
    rounded, scheme = rounding.round_weights(convs, network.images)
    for name, conv in rounded.items():
        assert conv.weight.isfinite().all(), name
        assert conv.bias.isfinite().all(), name
    assert isinstance(scheme, Scheme)
    assert np.isfinite(replace(network, convs=rounded, scheme=scheme).outputs(False)["logits"]).all()
