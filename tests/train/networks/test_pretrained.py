from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from train.networks.fire import Fire
from train.networks.light_cnn import LightCNN
from train.networks.pretrained import (
    TORCHVISION,
    Weights,
    WeightsError,
    initialise,
    keep_through_norm,
    load_classifier,
    load_trunk,
)
from train.networks.squeezenet import SqueezeNet

REAL = os.environ.get("EDGECT_WEIGHTS")
ESPRESSO = 967  # of ImageNet's 1,000 classes


@pytest.fixture(scope="module")
def squeezenet() -> nn.Module:
    from torchvision.models import squeezenet1_1  # slow to load: not while tests are collected

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
    mean, std = (torch.tensor(value).view(3, 1, 1) for value in (TORCHVISION.mean, TORCHVISION.std))
    expected = squeezenet.features[0]((colour - mean) / std)
    output = network.conv1((images.float() / 255 - 0.3) / 0.2)
    torch.testing.assert_close(output, expected, rtol=1e-4, atol=1e-4)


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
    with pytest.raises(WeightsError, match=r"nowhere\.npz: not a readable"):
        Weights.read("nowhere.npz")


def test_file_of_another_kind_is_named(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    path.write_bytes(b"no archive")
    with pytest.raises(WeightsError, match=r"weights\.npz: not a readable"):
        Weights.read(str(path))


@pytest.mark.parametrize(
    ("change", "message"),
    [(lambda t: t.pop("features.3.squeeze.weight"), "has no 'features.3.squeeze.weight'"),
     (lambda t: t.update({"features.0.bias": torch.zeros(96)}), r"shape \(96,\) where \(64,\)")],
)  # fmt: skip
def test_weights_of_another_network_are_refused(weights: Weights, change, message: str) -> None:
    tensors = dict(weights.tensors)
    change(tensors)
    with pytest.raises(WeightsError, match=message):
        load_trunk(LightCNN(), Weights("other.npz", "", tensors))


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_squeezenet_answers_as_torchvisions_does(version: str, tmp_path: Path) -> None:
    from torchvision.models import squeezenet1_0, squeezenet1_1

    torch.manual_seed(2)
    theirs = {"1.0": squeezenet1_0, "1.1": squeezenet1_1}[version](weights=None).eval()
    path = tmp_path / "weights.npz"
    np.savez(path, **{name: value.numpy() for name, value in theirs.state_dict().items()})
    ours = SqueezeNet(0.4, 0.3, version, classes=1000, channels=3, last_relu=True).eval()
    load_trunk(ours, Weights.read(str(path)))
    load_classifier(ours, Weights.read(str(path)))
    photograph = torch.randint(0, 256, (2, 3, 127, 127), dtype=torch.uint8)
    mean, std = (torch.tensor(value).view(3, 1, 1) for value in (TORCHVISION.mean, TORCHVISION.std))
    with torch.no_grad():
        expected = theirs((photograph.float() / 255 - mean) / std)
        torch.testing.assert_close(ours(photograph)[0], expected, rtol=1e-3, atol=1e-4)


def test_a_codebook_file_is_decoded_and_turned_from_bgr_to_rgb(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    book, code = rng.normal(size=256).astype(np.float32), rng.integers(0, 256, (96, 3, 7, 7), np.uint8)
    arrays = {"features.0.weight.book": book, "features.0.weight.code": code}
    np.savez(tmp_path / "book.npz", **arrays, **{"features.0.bias": np.zeros(96, np.float32)})
    weights = Weights.read(str(tmp_path / "book.npz"))
    np.testing.assert_array_equal(weights.tensors["features.0.weight"].numpy(), book[code][:, ::-1])
    assert weights.convention.mean == pytest.approx((123 / 255, 117 / 255, 104 / 255))


@pytest.mark.skipif(REAL is None, reason="EDGECT_WEIGHTS does not name the folder of ImageNet weights")
@pytest.mark.parametrize(
    ("name", "version", "key"),
    [
        ("squeezenet_v1_1_torchvision_fp16.npz", "1.1", "features.12.expand3x3.weight"),
        ("squeezenet_v1_1_onnxzoo_fp32.npz", "1.1", "features.12.expand3x3.weight"),
        ("squeezenet_v1_0_imagenet.npz", "1.0", "features.12.expand3x3.weight"),
    ],
)
def test_real_weights_arrive_and_name_a_real_photograph(name: str, version: str, key: str) -> None:
    weights = Weights.read(str(Path(str(REAL)) / name))
    network = SqueezeNet(0.45, 0.22, version, classes=1000, channels=3, last_relu=True).eval()
    load_trunk(network, weights)
    load_classifier(network, weights)
    torch.testing.assert_close(network.fire9.expand3x3.weight.data, weights.tensors[key])
    # a cup at Pikolo Espresso Bar, Rachel Michetti, CC0, from scikit-image's data
    photograph = Image.open(Path(__file__).parents[1] / "espresso.jpg")
    with torch.no_grad():
        answer = network(torch.from_numpy(np.array(photograph)).permute(2, 0, 1)[None])[0]
    assert int(answer.argmax()) == ESPRESSO


@pytest.mark.skipif(REAL is None, reason="EDGECT_WEIGHTS does not name the folder of ImageNet weights")
@pytest.mark.parametrize("name", ["squeezenet_v1_1_torchvision_fp16.npz", "squeezenet_v1_0_imagenet.npz"])
def test_a_grey_network_sees_what_the_colour_one_sees_of_a_grey_photograph(name: str) -> None:
    weights = Weights.read(str(Path(str(REAL)) / name))
    version = "1.0" if "v1_0" in name else "1.1"
    grey, colour = (SqueezeNet(0.5, 0.25, version, channels=channels) for channels in (1, 3))
    image = torch.randint(0, 256, (1, 1, 99, 99), dtype=torch.uint8)
    for network in (grey, colour):
        load_trunk(network, weights)
    with torch.no_grad():
        torch.testing.assert_close(
            grey.eval()(image)[2], colour.eval()(image.expand(-1, 3, -1, -1))[2], rtol=1e-3, atol=1e-3
        )
