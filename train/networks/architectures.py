"""The networks that are trained, by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

from train.networks.light_cnn import LightCNN
from train.networks.squeezenet import SqueezeNet

Architecture = Literal[
    "proposed", "squeezenet", "squeezenet-simple-bypass", "squeezenet-complex-bypass", "squeezenet-v1.0"
]
Network = LightCNN | SqueezeNet

# each takes mean and standard deviation of the training slices' grey levels
ARCHITECTURES: dict[Architecture, Callable[[float, float], Network]] = {
    "proposed": LightCNN,
    "squeezenet": SqueezeNet,
    "squeezenet-simple-bypass": partial(SqueezeNet, bypass="simple"),
    "squeezenet-complex-bypass": partial(SqueezeNet, bypass="complex"),
    "squeezenet-v1.0": partial(SqueezeNet, version="1.0"),
}
