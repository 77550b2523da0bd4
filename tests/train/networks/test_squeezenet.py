from __future__ import annotations

import pytest
import torch
from torch import nn

from train.networks.architectures import ARCHITECTURES
from train.networks.elu import Elu
from train.networks.fire import Fire
from train.networks.squeezenet import SqueezeNet
from train.paper.experiments import EXPERIMENTS


def fires(network: nn.Module) -> list[Fire]:
    return [network.get_submodule(f"fire{number}") for number in range(2, 10)]


@pytest.mark.parametrize("bypass", ["none", "simple", "complex"])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_outputs(version: str, bypass: str) -> None:
    network = SqueezeNet(version=version, bypass=bypass).eval()
    with torch.no_grad():
        logits, cam, embedding = network(torch.randint(0, 256, (2, 1, 227, 227), dtype=torch.uint8))
    assert logits.shape == (2, 2)
    assert cam.shape == (2, 2, *{"1.0": (13, 13), "1.1": (14, 14)}[version])
    assert embedding.shape == (2, 512)
    torch.testing.assert_close(logits, cam.mean((2, 3)))


def test_parameters_of_imagenets_squeezenet() -> None:
    """1,248,424 and 1,235,496 are torchvision's counts (its documentation)."""
    for version, count in (("1.0", 1_248_424), ("1.1", 1_235_496)):
        network = SqueezeNet(version=version, classes=1000, channels=3)
        assert sum(p.numel() for p in network.parameters()) == count


def test_simple_bypass_adds_the_input_of_every_second_module() -> None:
    network = SqueezeNet(bypass="simple")
    assert [number for number, fire in enumerate(fires(network), 2) if fire.bypass is not None] == [
        3,
        5,
        7,
        9,
    ]
    assert sum(p.numel() for p in network.parameters()) == sum(p.numel() for p in SqueezeNet().parameters())
    fire, x = network.fire3, torch.randn(1, 128, 5, 5)
    torch.testing.assert_close(fire(x) - x, _without_bypass(fire, x))


def test_complex_bypass_adds_four_convolutions_more() -> None:
    kinds = [type(fire.bypass) for fire in fires(SqueezeNet(bypass="complex"))]
    assert kinds == [nn.Conv2d, nn.Identity] * 4
    fire, x = SqueezeNet(bypass="complex").fire4, torch.randn(1, 128, 5, 5)
    torch.testing.assert_close(fire(x) - fire.bypass(x), _without_bypass(fire, x))


def test_classic_fire_has_neither_normalisation_nor_elu() -> None:
    modules = list(SqueezeNet(bypass="complex").modules())
    assert not [m for m in modules if isinstance(m, nn.BatchNorm2d | nn.ELU | Elu)]


def test_the_experiments_are_the_papers() -> None:
    paper = {key: (e.architecture, e.transfer) for key, e in EXPERIMENTS.items() if key != "1t"}
    assert paper == {
        "1": ("squeezenet", False),
        "2": ("squeezenet-simple-bypass", False),
        "3": ("squeezenet-simple-bypass", True),
        "4": ("proposed", False),
    }


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_every_architecture_answers(name: str) -> None:
    network = ARCHITECTURES[name](0.6, 0.3).eval()
    assert network(torch.zeros(1, 1, 67, 67, dtype=torch.uint8))[0].shape == (1, 2)


def _without_bypass(fire: Fire, x: torch.Tensor) -> torch.Tensor:
    bypass, fire.bypass = fire.bypass, None
    out = fire(x)
    fire.bypass = bypass
    return out
