"""Networks side by side, against the same networks one by one."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch import nn

from train.networks.architectures import ARCHITECTURES, Architecture, Network
from train.networks.precision import arithmetic
from train.networks.pretrained import initialise
from train.networks.stack import Stack

RATES = [0.001, 0.01, 0.003]
BOTH: list[Architecture] = ["proposed", "squeezenet-simple-bypass"]
IMAGES = torch.randint(0, 255, (4, 1, 67, 67), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
LABELS = torch.tensor([0, 1, 1, 0])


def begun(architecture: Architecture) -> Network:
    torch.manual_seed(0)
    network = ARCHITECTURES[architecture](0.5, 1.0)
    initialise(network)
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def sgd(groups: list[dict[str, object]]) -> torch.optim.SGD:
    return torch.optim.SGD(groups, 0.1, momentum=0.9, weight_decay=1e-4)


def step_of_stack(stack: Stack, optimiser: torch.optim.SGD, step: int) -> list[float]:
    torch.manual_seed(step)
    stack.train()
    losses = [nn.functional.cross_entropy(logits, LABELS) for logits in stack.logits(IMAGES)]
    stack.zero_grad()
    torch.stack(losses).sum().backward()
    optimiser.step()
    return [loss.item() for loss in losses]


def losses_alone(network: Network, rate: float, steps: int) -> list[float]:
    optimiser, losses = sgd([{"params": network.parameters(), "lr": rate}]), []
    for step in range(steps):
        torch.manual_seed(step)
        loss = nn.functional.cross_entropy(network.train()(IMAGES)[0], LABELS)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("architecture", BOTH)
def test_each_copy_trains_as_it_does_alone_when_others_are_let_go_too(architecture: Architecture) -> None:
    network = begun(architecture)
    stack = Stack(deepcopy(network), len(RATES))
    members = [{"params": member, "lr": rate} for member, rate in zip(stack.members, RATES, strict=True)]
    optimiser = sgd(members)
    losses = [step_of_stack(stack, optimiser, step) for step in range(2)]
    stack.keep([0, 2])
    losses += [step_of_stack(stack, optimiser, step) for step in range(2, 4)]
    for place, rate in ((0, RATES[0]), (-1, RATES[2])):
        own = [row[place] for row in losses]
        assert own == pytest.approx(losses_alone(deepcopy(network), rate, 4), rel=1e-3)
        assert len(set(own)) == 4


def test_infinity_in_one_copy_stays_there() -> None:
    stack = Stack(begun("proposed"), 3)
    stack.train(False)
    before = stack.logits(IMAGES).detach()
    with torch.no_grad():
        for parameter in stack.members[1]:
            parameter.fill_(torch.inf)
    after = stack.logits(IMAGES).detach()
    assert not after[1].isfinite().any()
    torch.testing.assert_close(after[[0, 2]], before[[0, 2]])


@pytest.mark.parametrize("architecture", BOTH)
def test_bfloat16_reaches_the_convolutions(architecture: Architecture) -> None:
    network = begun(architecture)
    stack = Stack(deepcopy(network), 2)
    stack.train(False)
    with arithmetic("bf16"):
        together, alone = stack.logits(IMAGES), network.eval()(IMAGES)[0]
    assert together.dtype == alone.dtype == torch.bfloat16
    torch.testing.assert_close(together[1], alone, rtol=0.05, atol=0.02)


def test_a_state_goes_back_into_a_stack_of_as_many() -> None:
    first, second = (Stack(begun("proposed"), 2) for _ in range(2))
    step_of_stack(first, sgd([{"params": member} for member in first.members]), 0)
    second.restore(first.state())
    for stack in (first, second):
        stack.train(False)
    torch.testing.assert_close(first.logits(IMAGES), second.logits(IMAGES))
    for own, other in zip(first.members[1], second.members[1], strict=True):
        torch.testing.assert_close(own, other)
