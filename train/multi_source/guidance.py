"""What training asks of a network besides right answers: evidence from the lungs, and all opacities."""

from __future__ import annotations

from torch import Tensor, nn


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

    def __init__(self, channels: int = 128) -> None:
        super().__init__()
        self.weights = nn.Conv2d(channels, 1, 1)

    def forward(self, features: Tensor, opacities: Tensor) -> Tensor:
        """Binary cross-entropy. features: float `[n, channels, h, w]`; opacities: uint8 `[n, H, W]`."""
        predicted = self.weights(features).squeeze(1).float()
        target = nn.functional.adaptive_avg_pool2d(opacities.unsqueeze(1) / 255, predicted.shape[1:]).squeeze(
            1
        )
        return nn.functional.binary_cross_entropy_with_logits(predicted, target)
