from __future__ import annotations

import pytest
import torch

from train.multi_source.guidance import OpacityHead, outside_share

LUNGS = torch.zeros(2, 67, 83, dtype=torch.bool)
LUNGS[:, 20:50, 10:40] = True


def evidence(inside: float, outside: float) -> torch.Tensor:
    maps = torch.zeros(2, 16, 20)
    maps[:, 8, 5], maps[:, 0, 19] = inside, outside
    return maps


@pytest.mark.parametrize(
    ("inside", "outside", "share"),
    [(2.0, 0.0, 0.0), (0.0, -2.0, 1.0), (3.0, -1.0, 0.25), (-300.0, 100.0, 0.25)],
)
def test_the_share_of_evidence_outside_the_lungs(inside: float, outside: float, share: float) -> None:
    assert outside_share(evidence(inside, outside), LUNGS).item() == pytest.approx(share, abs=1e-5)


def test_slices_without_lungs_do_not_count() -> None:
    lungs_of_one = LUNGS.clone()
    lungs_of_one[1] = False
    assert outside_share(evidence(3, 1), lungs_of_one).item() == pytest.approx(0.25, abs=1e-5)
    assert outside_share(evidence(3, 1), torch.zeros_like(LUNGS)).item() == 0


def test_the_head_learns_where_opacities_are() -> None:
    torch.manual_seed(0)
    head, features = OpacityHead(), torch.randn(4, 128, 16, 20)
    opacities = (features[:, 7] > 0).repeat_interleave(4, 1).repeat_interleave(4, 2) * torch.tensor(
        255
    ).byte()
    optimiser = torch.optim.Adam(head.parameters(), 0.05)
    losses = []
    for _ in range(100):
        loss = head(features, opacities)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.2 < 0.5 < losses[0]
    assert head.weights.weight.abs().argmax().item() == 7
