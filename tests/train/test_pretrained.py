from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torchvision.models import squeezenet1_1

from train.network import Fire, LightCNN
from train.pretrained import IMAGENET_MEAN, IMAGENET_STD, Weights, initialise, keep_through_norm, load_trunk


@pytest.fixture(scope="module")
def squeezenet() -> nn.Module:
    torch.manual_seed(0)
    return squeezenet1_1(weights=None).eval()


@pytest.fixture(scope="module")
def weights(squeezenet: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Weights:
    path = tmp_path_factory.mktemp("weights") / "squeezenet.npz"
    np.savez(path, **{name: value.numpy() for name, value in squeezenet.state_dict().items()})
    return Weights.read(str(path))


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    torch.manual_seed(1)
    return torch.randint(0, 256, (4, 1, 67, 67), dtype=torch.uint8)


def test_the_first_layer_sees_a_grey_slice_as_three_equal_channels(
    squeezenet: nn.Module, weights: Weights, images: torch.Tensor
) -> None:
    network = LightCNN(mean=0.3, std=0.2)
    load_trunk(network, weights)
    colour = (images.float() / 255).expand(-1, 3, -1, -1)
    expected = squeezenet.features[0]((colour - IMAGENET_MEAN.view(3, 1, 1)) / IMAGENET_STD.view(3, 1, 1))
    found = network.conv1((images.float() / 255 - 0.3) / 0.2)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_fire_modules_arrive_at_their_places(squeezenet: nn.Module, weights: Weights) -> None:
    network = LightCNN()
    load_trunk(network, weights)
    torch.testing.assert_close(network.fire2.squeeze.weight, squeezenet.features[3].squeeze.weight)
    torch.testing.assert_close(network.fire9.expand3x3.bias, squeezenet.features[12].expand3x3.bias)


def test_normalisation_starts_as_the_identity_on_these_images(weights: Weights, images: torch.Tensor) -> None:
    network = LightCNN()
    load_trunk(network, weights)
    keep_through_norm(network, images)
    seen = []
    for fire in (m for m in network.modules() if isinstance(m, Fire)):
        fire.norm.register_forward_hook(lambda _, inputs, output: seen.append((inputs[0], output)))
    with torch.no_grad():
        network.train()(images)
    assert len(seen) == 8
    for before, after in seen:
        torch.testing.assert_close(before, after, rtol=1e-3, atol=1e-3)


def test_random_initialisation_follows_he() -> None:
    torch.manual_seed(0)
    network = LightCNN()
    initialise(network)
    convolution = network.fire9.expand3x3
    assert float(convolution.weight.detach().std()) == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.05)
    assert float(convolution.bias.detach().abs().max()) == 0


def test_missing_file_is_named() -> None:
    with pytest.raises(ValueError, match=r"nowhere\.npz: not a readable"):
        Weights.read("nowhere.npz")


def test_file_of_another_kind_is_named(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    path.write_bytes(b"no archive")
    with pytest.raises(ValueError, match=r"weights\.npz: not a readable"):
        Weights.read(str(path))


@pytest.mark.parametrize(
    ("change", "message"),
    [(lambda t: t.pop("features.3.squeeze.weight"), "has no 'features.3.squeeze.weight'"),
     (lambda t: t.update({"features.0.bias": torch.zeros(96)}), r"shape \(96,\) where \(64,\)")],
)  # fmt: skip
def test_weights_of_another_network_are_refused(weights: Weights, change, message: str) -> None:
    tensors = dict(weights.tensors)
    change(tensors)
    with pytest.raises(ValueError, match=message):
        load_trunk(LightCNN(), Weights("other.npz", "", tensors))
