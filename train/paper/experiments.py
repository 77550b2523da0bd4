"""The experiments of section 3.1, as data."""

from __future__ import annotations

from dataclasses import dataclass

from train.networks.architectures import Architecture


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
