"""The experiments of section 3.1, as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from train.network import LightCNN
from train.squeezenet import SqueezeNet

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


@dataclass(frozen=True)
class Experiment:
    """What is trained, and whether its trunk starts from ImageNet weights."""

    title: str
    architecture: Architecture
    transfer: bool = False


# 1t is ours: "SqueezeNet without bypass and transfer learning" can be read as having it, too
EXPERIMENTS = {
    "1": Experiment("SqueezeNet without bypass, without transfer learning", "squeezenet"),
    "1t": Experiment("SqueezeNet without bypass, with transfer learning", "squeezenet", transfer=True),
    "2": Experiment(
        "SqueezeNet with simple bypass, without transfer learning", "squeezenet-simple-bypass"
    ),
    "3": Experiment(
        "SqueezeNet with simple bypass, with transfer learning", "squeezenet-simple-bypass", transfer=True
    ),
    "4": Experiment("the proposed CNN", "proposed"),
}  # fmt: skip
