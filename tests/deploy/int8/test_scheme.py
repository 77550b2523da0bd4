"""What 8-bit numbers stand for."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from deploy.int8.form import Conv
from deploy.int8.scheme import (
    COARSE,
    FLOOR,
    UINT8_MAX,
    WEIGHT_MAX,
    QParams,
    Scheme,
    absorbed,
    concatenated,
    image_qparams,
    integer_conv,
    per_input_channel,
    weight_scales,
)

NAME, SQUEEZE = "fire2.expand1x1", "fire2.squeeze"
SATURATES = COARSE * UINT8_MAX - 1  # the least of largest activations from which ELU is saturation

highs = st.lists(st.floats(0.01, 3000), min_size=1, max_size=8)
coarse = st.lists(st.floats(0.01, 3000), max_size=8).flatmap(
    lambda others: st.floats(SATURATES + 0.01, 5000).map(lambda top: [*others, top])
)


def scheme(values: list[float]) -> Scheme:
    return Scheme(dict.fromkeys((NAME, SQUEEZE), torch.tensor(values)), {})


def decoded(qparams: QParams, q: Tensor) -> Tensor:
    """q: `[n, C]`."""
    return qparams.scales * (q - qparams.zero_points)


def encoded(qparams: QParams, x: Tensor) -> Tensor:
    return (x / qparams.scales + qparams.zero_points).round().clamp(0, UINT8_MAX)


@given(highs)
def test_256_numbers_reach_from_below_elus_least_to_the_largest_activation(values: list[float]) -> None:
    for name in (NAME, SQUEEZE):
        after, most = scheme(values).after_elu(name), torch.tensor(values)
        least, largest = (
            decoded(after, torch.zeros(1, 1))[0],
            decoded(after, torch.full((1, 1), UINT8_MAX))[0],
        )
        half = after.scales / 2 + 1e-4 * (1 + most)
        assert (least <= -1 + half).all()
        assert (largest >= most - half).all()
        before = scheme(values).before_elu(name)
        assert (
            decoded(before, torch.full((1, 1), UINT8_MAX))[0] >= most - before.scales / 2 - 1e-4 * most
        ).all()
        if not scheme(values).saturates(name):
            assert (decoded(before, torch.zeros(1, 1))[0] <= FLOOR + before.scales / 2 + 1e-4).all()


@given(highs)
def test_every_number_stands_for_a_value_of_its_own(values: list[float]) -> None:
    every = torch.arange(UINT8_MAX + 1.0)[:, None]
    for name in (NAME, SQUEEZE):
        for qparams in (scheme(values).before_elu(name), scheme(values).after_elu(name)):
            values_of = decoded(qparams, every)
            assert (values_of.diff(dim=0) > 0).all()
            torch.testing.assert_close(encoded(qparams, values_of), every.expand_as(values_of))


@given(highs)
def test_what_is_padded_with_is_one_of_the_numbers(values: list[float]) -> None:
    qparams = scheme(values).after_elu(SQUEEZE)
    assert 0 <= qparams.zero_point <= UINT8_MAX
    assert decoded(qparams, torch.tensor([[float(qparams.zero_point)]]))[0].tolist() == [0] * len(values)


def test_no_zero_that_padding_could_have_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"0\.5"):
        _ = QParams(torch.ones(2), torch.full((2,), 0.5)).zero_point


@given(coarse)
@settings(max_examples=200)
def test_saturating_is_elu_to_within_a_step(values: list[float]) -> None:
    for name in (NAME, SQUEEZE):
        assert scheme(values).saturates(name)
        qparams, most = scheme(values).after_elu(name), torch.tensor(values)
        low = torch.linspace(-20, 4, 2001)[:, None].expand(-1, len(most))
        x = torch.minimum(torch.cat([low, torch.linspace(0, 1, 500)[:, None] * most]), most)
        saturated, exact = encoded(qparams, x), encoded(qparams, functional.elu(x))
        assert (saturated - exact).abs().max() <= 1  # the same or neighbouring numbers
        off = (decoded(qparams, saturated) - functional.elu(x)).abs() / qparams.scales
        assert off.max() <= 1.5 + 1e-3  # half of which any rounding may be


def test_finer_steps_are_not_left_to_saturation() -> None:
    assert not scheme([SATURATES - 0.1]).saturates(NAME)
    assert scheme([SATURATES + 0.1]).saturates(NAME)


def test_places_of_a_square_are_one_channel_after_the_shuffle() -> None:
    most = torch.rand(3).repeat_interleave(16) * 300 + torch.tensor([200.0])
    qparams = Scheme({"upsample": most}, {}).after_shuffle()
    whole = Scheme({"upsample": most}, {}).after_elu("upsample")
    assert len(qparams.scales) == 3
    assert torch.equal(qparams.scales.repeat_interleave(16), whole.scales)
    assert torch.equal(qparams.zero_points.repeat_interleave(16), whole.zero_points)


def test_numbers_of_places_first_follow_their_channels() -> None:
    qparams = QParams(torch.arange(64.0), torch.arange(64.0) / 7)
    moved = qparams.places_first(2)
    # group, channel, place -> group, place, channel
    places = ((group, channel, place) for group in (0, 1) for place in range(16) for channel in (0, 1))
    wanted = [32 * group + 16 * channel + place for group, channel, place in places]
    assert moved.scales.tolist() == wanted
    assert torch.equal(moved.zero_points, moved.scales / 7)


convolutions = st.fixed_dictionaries(
    {
        "groups": st.sampled_from([1, 2, 4]),
        "kernel": st.sampled_from([1, 3]),
        "stride": st.sampled_from([1, 2]),
        "seed": st.integers(0, 2**31),
        "padded": st.booleans(),
        "to_numbers": st.booleans(),
        "whole": st.booleans(),
    }
)


@given(convolutions)
@settings(max_examples=100, deadline=None)
def test_integers_compute_the_convolution_of_what_the_numbers_stand_for(case: dict) -> None:
    """Exactly where weights are whole already, else up to half a step of every weight."""
    rng = torch.Generator().manual_seed(case["seed"])

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return torch.empty(shape, dtype=torch.float32).uniform_(low, high, generator=rng)

    groups, kernel, padding = case["groups"], case["kernel"], int(case["padded"])
    channels, outputs = 3 * groups, 2 * groups
    shape = (outputs, 3, kernel, kernel)
    input_scales = uniform(0.01, 3, channels)
    input_zero_points = torch.full((channels,), 37.0) if padding else uniform(0, 90, channels)
    input_qparams = QParams(input_scales, input_zero_points)
    output_qparams = (
        QParams(uniform(0.1, 3, outputs), uniform(0, 200, outputs)) if case["to_numbers"] else None
    )
    absorbed_scales = per_input_channel(input_scales, outputs, groups)
    if case["whole"]:
        whole = torch.randint(-WEIGHT_MAX, WEIGHT_MAX + 1, shape, generator=rng)
        whole[:, 0, 0, 0] = WEIGHT_MAX
        weight = whole * uniform(0.001, 1, outputs, 1, 1, 1) / absorbed_scales
    else:
        weight = uniform(-1, 1, *shape)
    bias = uniform(-20, 20, outputs)
    conv = Conv(weight, bias, case["stride"], padding, groups)
    scales = weight_scales(absorbed(conv, input_qparams))
    q = torch.randint(0, UINT8_MAX + 1, (2, channels, 6, 7), generator=rng).double()

    real = (q - input_zero_points[:, None, None]) * input_scales[:, None, None]
    options = {"stride": case["stride"], "padding": padding, "groups": groups}
    wanted = functional.conv2d(real, weight.double(), bias.double(), **options)
    integer = integer_conv(conv, scales, input_qparams, output_qparams)
    assert integer.weight.dtype == np.int8
    assert np.abs(integer.weight.astype(int)).max() <= WEIGHT_MAX
    sums = functional.conv2d(q - integer.zero_point, torch.from_numpy(integer.weight).double(), **options)
    factor, moved = (torch.from_numpy(v)[:, None, None].double() for v in (integer.factor, integer.bias))
    codes = factor * sums + moved
    values = codes
    if output_qparams is not None:
        values = (codes - output_qparams.zero_points[:, None, None]) * output_qparams.scales[:, None, None]

    half = 0.5 * scales.double().expand(shape)
    may_be_off = functional.conv2d((q - input_zero_points[:, None, None]).abs(), half.contiguous(), **options)
    may_be_off = may_be_off * (1e-4 if case["whole"] else 1) + 1e-3 * (1 + wanted.abs().max())
    assert ((values - wanted).abs() <= may_be_off).all()


def test_numbers_of_parts_that_are_joined_lie_one_after_the_other() -> None:
    qparams = concatenated([image_qparams(), QParams(torch.tensor([2.0, 3.0]), torch.tensor([0.5, 0.25]))])
    assert (qparams.scales.tolist(), qparams.zero_points.tolist()) == ([1, 2, 3], [0, 0.5, 0.25])
