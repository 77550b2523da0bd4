from __future__ import annotations

import pytest
import torch
from torch import nn

from edgect.errors import UsageError
from train.networks.fire import Fire
from train.networks.light_cnn import LightCNN, Upsample, check_image_size

PAPER_PARAMETERS = 1_260_000


@pytest.fixture(scope="module")
def network() -> LightCNN:
    torch.manual_seed(0)
    return LightCNN().eval()


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    return torch.randint(0, 256, (2, 1, 227, 227), dtype=torch.uint8)


def test_shapes_of_figure_3(network: LightCNN, images: torch.Tensor) -> None:
    with torch.no_grad():
        early = network.early(images.float())
        late = network.late(early)
        assert early.shape == (2, 128, 56, 56)
        assert late.shape == (2, 512, 14, 14)
        assert network.upsample(late).shape == (2, 128, 56, 56)
        assert network.features(images).shape == (2, 128, 56, 56)


def test_outputs_of_the_contract(network: LightCNN, images: torch.Tensor) -> None:
    with torch.no_grad():
        logits, cam, embedding = network(images)
    assert [tuple(t.shape) for t in (logits, cam, embedding)] == [(2, 2), (2, 2, 56, 56), (2, 128)]


def test_logits_are_the_mean_of_the_cam_plus_bias(network: LightCNN, images: torch.Tensor) -> None:
    with torch.no_grad():
        logits, cam, _ = network(images)
    torch.testing.assert_close(logits, cam.mean((2, 3)) + network.classifier.bias)


def test_parameter_count_is_the_papers_within_two_percent(network: LightCNN) -> None:
    count = sum(parameter.numel() for parameter in network.parameters())
    assert count == 1_279_554
    assert abs(count / PAPER_PARAMETERS - 1) < 0.02


def test_batch_normalisation_stands_only_behind_squeeze_convolutions(network: LightCNN) -> None:
    fires = [module for module in network.modules() if isinstance(module, Fire)]
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    assert len(fires) == len(norms) == 8
    assert {id(fire.norm) for fire in fires} == {id(norm) for norm in norms}


def test_every_activation_is_elu(network: LightCNN) -> None:
    assert not [m for m in network.modules() if isinstance(m, nn.ReLU | nn.LeakyReLU | nn.Sigmoid)]
    x = torch.full((1, 128, 4, 4), -50.0)
    assert -1 <= float(network.fire3(x).detach().min()) < -0.5


def test_a_classic_fire_module_is_the_same_with_options() -> None:
    fire = Fire(16, 4, 8, batch_norm=False, activation=nn.ReLU)
    out = fire(torch.randn(1, 16, 5, 5))
    assert out.shape == (1, 16, 5, 5)
    assert float(out.detach().min()) == 0


@pytest.mark.parametrize(("channels", "out", "groups"), [(8, 6, 2), (6, 4, 1), (512, 128, 2)])
def test_upsample_is_the_transposed_convolution(channels: int, out: int, groups: int) -> None:
    torch.manual_seed(1)
    upsample = Upsample(channels, out, stride=4, groups=groups)
    x = torch.randn(2, channels, 3, 5)
    torch.testing.assert_close(upsample(x), nn.ConvTranspose2d.forward(upsample, x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [67, 83, 99, 227])
def test_sizes_that_fit_run(size: int) -> None:
    check_image_size(size)
    LightCNN()(torch.zeros(1, 1, size, size, dtype=torch.uint8))


@pytest.mark.parametrize("size", [51, 66, 68, 224, 226, 256])
def test_other_sizes_are_a_clear_error(size: int) -> None:
    with pytest.raises(UsageError, match=f"image size {size} does not fit"):
        check_image_size(size)


def test_grey_levels_are_scaled_inside() -> None:
    torch.manual_seed(0)
    plain = LightCNN(0.0, 1.0).eval()
    scaled = LightCNN(0.2, 0.5).eval()
    scaled.load_state_dict(plain.state_dict())
    image = torch.full((1, 1, 67, 67), 51, dtype=torch.uint8)  # 0.2 of 255: zero after scaling
    torch.testing.assert_close(scaled(image)[0], plain(torch.zeros_like(image))[0])


def test_averaged_maps_keep_what_they_add_up_to() -> None:
    torch.manual_seed(0)
    whole, averaged = LightCNN(upsample_groups=8), LightCNN(upsample_groups=8, map_side=4)
    averaged.load_state_dict(whole.state_dict())
    image = torch.randint(0, 256, (2, 1, 83, 115), dtype=torch.uint8)
    with torch.inference_mode():
        logits, cam, _ = whole.eval()(image)
        same, coarse, _ = averaged.eval()(image)
    assert torch.equal(logits, same)
    assert coarse.shape[2] * 4 == cam.shape[2]
    torch.testing.assert_close(coarse.mean((2, 3)), cam.mean((2, 3)))
    torch.testing.assert_close(coarse.mean((2, 3)) + averaged.classifier.bias, same)


def test_more_groups_make_the_network_smaller() -> None:
    two, eight = (sum(p.numel() for p in LightCNN(upsample_groups=g).parameters()) for g in (2, 8))
    assert two - eight == 512 * 128 * 16 * (1 / 2 - 1 / 8)


def test_attention_begins_as_the_mean_and_keeps_the_contract(images: torch.Tensor) -> None:
    torch.manual_seed(0)
    plain, attentive = LightCNN(map_side=4).eval(), LightCNN(map_side=4, attention=True).eval()
    attentive.load_state_dict(attentive.state_dict() | plain.state_dict())
    assert attentive.attention is not None
    with torch.no_grad():
        torch.testing.assert_close(attentive(images), plain(images))
        nn.init.normal_(attentive.attention.weight, std=30)
        logits, cam, embedding = attentive(images)
        torch.testing.assert_close(logits, cam.mean((2, 3)) + attentive.classifier.bias)
        torch.testing.assert_close(logits, attentive.classifier(embedding))
        assert not torch.allclose(embedding, plain(images)[2])
