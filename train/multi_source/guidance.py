"""What training asks of a network besides right answers: evidence from the lungs, whatever the style."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from train.networks.light_cnn import LightCNN

MIXING = 0.1  # both parameters of the Beta distribution: mostly one style or the other
CHANCE = 0.5  # of a batch


def outside_share(evidence: Tensor, lungs: Tensor) -> Tensor:
    """Mean share of a slice's evidence, for and against COVID-19, that lies outside the lungs, 0 to 1.

    evidence: float `[n, h, w]`, log-odds by place; lungs: bool `[n, H, W]`. Slices without lungs
    don't count. To be made small: right for the right reasons (Ross et al. 2017).
    """
    evidence = evidence.abs()
    touched = nn.functional.adaptive_max_pool2d(lungs.float().unsqueeze(1), evidence.shape[1:]).squeeze(1)
    share = (evidence * (1 - touched)).sum((1, 2)) / (evidence.sum((1, 2)) + 1e-6)
    has_lungs = lungs.flatten(1).any(1)
    return (share * has_lungs).sum() / has_lungs.sum().clamp(min=1)


class OpacityHead(nn.Module):
    """A head for training alone: where the opacities are, from the maps that the answer is pooled of.

    A network that must find every opacity has features of them at hand for its answer, in place of
    what else tells the training's slices apart. The targets are `transplants.opacity_map`, which need
    no labels.
    """

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.Conv2d(128, 1, 1)

    def forward(self, features: Tensor, opacities: Tensor) -> Tensor:
        """Binary cross-entropy. features: float `[n, 128, h, w]`; opacities: uint8 `[n, H, W]`."""
        predicted = self.weights(features).squeeze(1).float()
        target = nn.functional.adaptive_avg_pool2d(opacities.unsqueeze(1) / 255, predicted.shape[1:]).squeeze(
            1
        )
        return nn.functional.binary_cross_entropy_with_logits(predicted, target)


def mix_styles(network: LightCNN) -> None:
    """From now on, in training, mix the style of slices within a batch after the first two modules.

    Mean and standard deviation of feature maps carry style, such as scanner and window; trading
    them between slices of different sources is MixStyle (Zhou et al. 2021, arXiv 2104.02008).
    """
    for module in (network.fire2, network.fire3):
        module.register_forward_hook(_mix)


def _mix(module: nn.Module, _: object, x: Tensor) -> Tensor | None:
    if not module.training or torch.rand(()) > CHANCE:
        return None
    deviation, mean = torch.var_mean(x.float(), (2, 3), keepdim=True)
    deviation = (deviation + 1e-6).sqrt()
    deviation, mean = deviation.detach(), mean.detach()
    order = torch.randperm(len(x))
    weight = torch.distributions.Beta(MIXING, MIXING).sample((len(x), 1, 1, 1))
    mixed = weight * deviation + (1 - weight) * deviation[order], weight * mean + (1 - weight) * mean[order]
    return ((x.float() - mean) / deviation * mixed[0] + mixed[1]).to(x.dtype)
