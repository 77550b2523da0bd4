"""Starting points for a network: random, or SqueezeNet's ImageNet weights."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edgect.errors import EdgectError
from train.networks.architectures import Network
from train.networks.fire import FIRE, Fire
from train.networks.light_cnn import LightCNN
from train.networks.squeezenet import LAYOUTS, SqueezeNet

EQUALISED = 10.0  # the largest factor that `equalise` gives a channel


class WeightsError(EdgectError):
    """A file of pretrained weights is missing, damaged, or of another network."""

    exit_code = 2


@dataclass(frozen=True)
class Convention:
    """The input that weights were trained on: RGB in 0 to 1, less `mean`, divided by `std`."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]


TORCHVISION = Convention((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CAFFE = Convention((123 / 255, 117 / 255, 104 / 255), (1 / 255, 1 / 255, 1 / 255))


@dataclass(frozen=True)
class Weights:
    """ImageNet weights with torchvision's keys. sha256: of the file, empty for a download."""

    name: str
    sha256: str
    tensors: dict[str, Tensor]
    convention: Convention = TORCHVISION

    @classmethod
    def read(cls, source: str) -> Weights:
        """Read an .npz file, or let torchvision download its own where `source` is `torchvision`.

        A file in codebook form (Deep Compression: `NAME.book[NAME.code]`) is taken for Caffe's,
        whose first layer reads BGR; it is turned to RGB here.
        Raises WeightsError naming a file that is missing or cannot be read.
        """
        if source == "torchvision":
            from torchvision.models import SqueezeNet1_1_Weights

            return cls(source, "", dict(SqueezeNet1_1_Weights.IMAGENET1K_V1.get_state_dict(progress=True)))
        try:
            content = Path(source).read_bytes()
        except OSError as error:
            raise WeightsError(f"{source}: not a readable .npz file of weights ({error})") from error
        return cls.of(content, source)

    @classmethod
    def of(cls, content: bytes, source: str) -> Weights:
        """From the content of an .npz file; `source` names it. Raises WeightsError."""
        try:
            with np.load(io.BytesIO(content)) as archive:
                arrays = {name: archive[name] for name in archive.files}
        except (OSError, ValueError, AttributeError) as error:
            raise WeightsError(f"{source}: not a readable .npz file of weights ({error})") from error
        books = [name.removesuffix(".book") for name in arrays if name.endswith(".book")]
        for name in books:
            arrays[name] = arrays.pop(f"{name}.book")[arrays.pop(f"{name}.code")]
        tensors = {name: torch.from_numpy(array).float() for name, array in arrays.items()}
        if books:
            tensors["features.0.weight"] = tensors["features.0.weight"].flip(1)
        convention = CAFFE if books else TORCHVISION
        return cls(Path(source).name, hashlib.sha256(content).hexdigest(), tensors, convention)


def initialise(network: nn.Module) -> None:
    """He's initialisation (He et al. 2015, equation 10) of every convolution; biases zero.

    SqueezeNet's last convolution has its authors' own, a deviation of 0.01.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    if isinstance(network, SqueezeNet):
        nn.init.normal_(network.conv10.weight, std=0.01)


def load_trunk(network: Network, weights: Weights) -> None:
    """Copy SqueezeNet's convolutions into the trunk, all but the classifier.

    The difference of input scaling is folded into the first layer; where the network takes grey
    slices, the layer is summed over colour. It has no padding, so a grey slice gives exactly
    what three equal colour channels would have. A bypass by convolution keeps its initial weights.
    Raises WeightsError naming a key that is missing or of another shape.
    """
    layout = network.layout if isinstance(network, SqueezeNet) else LAYOUTS["1.1"]
    shape = (layout.filters, 3, layout.kernel, layout.kernel)
    mean, std = (torch.tensor(value).view(1, 3, 1, 1) for value in vars(weights.convention).values())
    with torch.no_grad():
        first = _take(weights, "features.0.weight", shape) / std
        offset = (first * (network.mean - mean)).sum((1, 2, 3))
        if network.conv1.in_channels == 1:
            first = first.sum(1, keepdim=True)
        assert network.conv1.bias is not None
        network.conv1.weight.copy_(first * network.std)
        network.conv1.bias.copy_(_take(weights, "features.0.bias", (layout.filters,)) + offset)
        for number, index in layout.indices().items():
            fire = network.get_submodule(f"fire{number}")
            for name in ("squeeze", "expand1x1", "expand3x3"):
                _fill(fire.get_submodule(name), weights, f"features.{index}.{name}")


def start(network: Network, weights: Weights | None, images: NDArray[np.uint8], seed: int) -> None:
    """Initialise a network, from ImageNet's weights if given, fitted to some of the training slices.

    images: uint8 `[n, H, W]` of the training split; `seed` draws those that the proposed network's
    ranges are fitted to.
    """
    initialise(network)
    if weights is None:
        return
    load_trunk(network, weights)
    if isinstance(network, LightCNN):
        chosen = np.random.default_rng(seed).permutation(len(images))[:64]
        sample = torch.from_numpy(images[chosen]).unsqueeze(1)
        equalise(network, sample)
        keep_through_norm(network, sample)


def load_classifier(network: SqueezeNet, weights: Weights) -> None:
    """Copy the last convolution too: the network then names ImageNet's 1,000 classes."""
    with torch.no_grad():
        _fill(network.conv10, weights, "classifier.1")


def equalise(network: LightCNN, images: Tensor) -> None:
    """Give the channels of each layer of the trunk one range, for the sake of INT8.

    An engine quantizes a layer's output with one scale, which the channel with the widest range
    dictates: the others keep few of the 256 levels. Scaling a channel's filter and, inversely,
    whatever reads it changes nothing in a network of ReLUs, as the pretrained trunk was (Nagel et
    al. 2019, Data-free quantization, section 4.1). To be called before `keep_through_norm`.
    images: uint8 `[N, 1, H, W]` of the training split.
    """
    layers: list[tuple[list[nn.Conv2d], list[nn.Conv2d]]] = [([network.conv1], [network.fire2.squeeze])]
    fires = [cast(Fire, network.get_submodule(f"fire{number}")) for number in FIRE]
    for fire, after in zip(fires, [*fires[1:], None], strict=True):
        expand = [fire.expand1x1, fire.expand3x3]
        layers.append(([fire.squeeze], expand))
        layers.append((expand, [after.squeeze] if after is not None else []))
    with torch.no_grad():
        largest = _largest(network, [layer for made_by, _ in layers for layer in made_by], images)
        for made_by, read_by in layers:
            outputs = torch.cat([largest[layer] for layer in made_by])
            factors = (outputs.median() / outputs).clamp(1 / EQUALISED, EQUALISED)
            for layer, part in zip(made_by, factors.split([len(largest[x]) for x in made_by]), strict=True):
                layer.weight *= part.view(-1, 1, 1, 1)
                layer.bias *= part
            for layer in read_by:
                layer.weight /= factors.view(1, -1, 1, 1)


def _largest(network: LightCNN, layers: list[nn.Conv2d], images: Tensor) -> dict[nn.Conv2d, Tensor]:
    """The largest output of each channel of each layer, at least a little above zero."""
    largest: dict[nn.Conv2d, Tensor] = {}

    def note(layer: nn.Module, _: object, output: Tensor) -> None:
        assert isinstance(layer, nn.Conv2d)
        largest[layer] = output.amax((0, 2, 3)).clamp(min=1e-3)

    hooks = [layer.register_forward_hook(note) for layer in layers]
    network.eval()(images)
    for hook in hooks:
        hook.remove()
    return largest


def keep_through_norm(network: LightCNN, images: Tensor) -> None:
    """Set every batch normalisation so that these images pass it unchanged.

    Pretrained squeeze layers were trained without normalisation; starting it as the identity
    keeps what they learned. images: uint8 `[N, 1, H, W]` of the training split.
    """

    def match(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        assert isinstance(module, nn.BatchNorm2d)
        var, mean = torch.var_mean(inputs[0], (0, 2, 3), correction=0)
        module.weight.copy_((var + module.eps).sqrt())
        module.bias.copy_(mean)

    norms = [m.norm for m in network.modules() if isinstance(m, Fire)]
    hooks = [norm.register_forward_pre_hook(match) for norm in norms]
    with torch.no_grad():
        network.train()(images)
    for hook in hooks:
        hook.remove()


def _fill(layer: nn.Module, weights: Weights, key: str) -> None:
    for kind, parameter in layer.named_parameters():
        parameter.copy_(_take(weights, f"{key}.{kind}", tuple(parameter.shape)))


def _take(weights: Weights, key: str, shape: tuple[int, ...]) -> Tensor:
    value = weights.tensors.get(key)
    if value is None:
        raise WeightsError(
            f"{weights.name} has no {key!r}; SqueezeNet's weights with torchvision's keys are needed"
        )
    if tuple(value.shape) != shape:
        raise WeightsError(f"{weights.name}: {key!r} has shape {tuple(value.shape)} where {shape} is needed")
    return value
