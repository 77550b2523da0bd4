"""Random networks of which some activations have coarse scales and some fine ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import openvino as ov
import torch
from numpy.typing import NDArray
from torch import Tensor

from deploy.int8 import form, onnxruntime, openvino, rounding
from deploy.int8.form import Conv, Head
from deploy.int8.scheme import Scheme
from deploy.int8.simulated import Float, Simulated, tensor_of
from train.networks import pretrained
from train.networks.light_cnn import LightCNN

FINE, COARSE = 8.0, 200.0  # largest activations of either kind


def light_cnn(groups: int = 2, map_side: int = 1, seed: int = 0) -> LightCNN:
    """Without training, but with batch norms that have seen images, and a classifier that uses all maps."""
    torch.manual_seed(seed)
    network = LightCNN(0.4, 0.3, groups, map_side)
    pretrained.initialise(network)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.5)
                module.running_var.uniform_(0.5, 2)
                module.weight.uniform_(0.5, 1.5)
                module.bias.normal_(0, 0.5)
        network.classifier.bias.copy_(torch.tensor([0.3, -0.6]))
    return network.eval()


def images(count: int, size: tuple[int, int], seed: int = 0) -> NDArray[np.uint8]:
    """Blurred noise, uint8 `[n, H, W]`, that uses all grey levels."""
    torch.manual_seed(seed)
    small = torch.rand(count, 1, size[0] // 8 + 1, size[1] // 8 + 1)
    large = torch.nn.functional.interpolate(small, size, mode="bilinear")[:, 0]
    return (255 * (0.8 * large + 0.2 * torch.rand(large.shape))).to(torch.uint8).numpy()


class _Levelling(Float):
    """Makes every convolution's outputs reach from the share `least` of what `tops` says to all of it.

    least: None for as far below 0 as they happen to go.
    """

    def __init__(self, convs: Mapping[str, Conv], tops: Mapping[str, float], least: float | None) -> None:
        super().__init__(convs)
        self._levelled, self._tops, self._least = convs, tops, least

    def conv(self, name: str, x: Tensor) -> Tensor:
        conv, top, output = self._levelled[name], self._tops[name], super().conv(name, x)
        most = output.amax((0, 2, 3))
        if self._least is None:
            factor, shift = (top / most.max()).expand(most.shape), torch.zeros_like(most)
        else:
            factor = (1 - self._least) * top / (most - output.amin((0, 2, 3)))
            shift = top - factor * most
        conv.weight *= factor[:, None, None, None]
        conv.bias.copy_(factor * conv.bias + shift)
        return super().conv(name, x)


def levelled(
    convs: Mapping[str, Conv],
    shown: NDArray[np.uint8],
    tops: Mapping[str, float],
    least: float | None = None,
) -> None:
    with torch.no_grad():
        form.last_maps(_Levelling(convs, tops, least), tensor_of(shown))


@dataclass(frozen=True)
class Small:
    """What both writers take, and images, uint8 `[n, H, W]`. real: the convolutions before rounding."""

    real: Mapping[str, Conv]
    convs: Mapping[str, Conv]
    scheme: Scheme
    head: Head
    images: NDArray[np.uint8]

    @property
    def size(self) -> tuple[int, int]:
        return self.images.shape[1], self.images.shape[2]

    def outputs(self, keeps_before_elu: bool | None) -> dict[str, NDArray[np.float32]]:
        """By `Simulated`, or in float where `keeps_before_elu` is None; by name, as engines give them."""
        with torch.inference_mode():
            if keeps_before_elu is None:
                maps = form.last_maps(Float(self.real), tensor_of(self.images))
            else:
                ops = Simulated(self.convs, self.scheme, keeps_before_elu)
                maps = form.last_maps(ops, ops.image(tensor_of(self.images))).values
            return finished(maps, self.head)


def finished(maps: Tensor, head: Head) -> dict[str, NDArray[np.float32]]:
    """logits, cam and embedding of the last maps."""
    weight, bias = torch.from_numpy(head.weight), torch.from_numpy(head.bias)
    cam = torch.nn.functional.conv2d(maps, weight[:, :, None, None])
    cam = torch.nn.functional.avg_pool2d(cam, head.map_side)
    embedding = maps.mean((2, 3))
    outputs = {"logits": embedding @ weight.T + bias, "cam": cam, "embedding": embedding}
    return {name: value.numpy() for name, value in outputs.items()}


def small(size: tuple[int, int], groups: int, map_side: int, first_is_coarse: bool) -> Small:
    """Convolutions of coarse and of fine scales in turn."""
    network = light_cnn(groups, map_side)
    shown = images(6, size)
    convs, head = form.convolutions(network), form.head(network)
    tops = {name: COARSE if (n % 2 == 0) == first_is_coarse else FINE for n, name in enumerate(convs)}
    levelled(convs, shown, tops)
    head.weight /= tops[form.LAST]
    return Small(convs, *rounding.round_weights(convs, shown), head, shown)


def extreme(size: tuple[int, int]) -> Small:
    """Of the largest weights, on inputs near the largest: products that 16 bits hold no two more of.

    Weights of either sign and one magnitude; activations in the upper half of their 8 bits.
    """
    network = light_cnn(groups=8)
    shown = images(4, size)
    convs, head = form.convolutions(network), form.head(network)
    for conv in convs.values():
        conv.weight.sign_()
    levelled(convs, shown, dict.fromkeys(convs, COARSE), least=0.5)
    head.weight /= COARSE
    return Small(convs, *rounding.round_weights(convs, shown), head, shown)


def onnx_bytes(network: Small) -> bytes:
    model = onnxruntime.model(network.convs, network.scheme, network.head, network.size)
    return bytes(model.SerializeToString())


def ir(network: Small) -> ov.Model:
    return openvino.model(network.convs, network.scheme, network.head, network.size)
